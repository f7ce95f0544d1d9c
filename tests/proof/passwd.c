/* SPDX-License-Identifier: MIT */
/* lckpwdf(), then what the argument says: "close" another descriptor of its file, or "unlock". */
#include <fcntl.h>
#include <shadow.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2 || lckpwdf())
		return 77;
	if (!strcmp(argv[1], "close"))
		close(open("/etc/.pwd.lock", O_RDONLY | O_CLOEXEC)); /* HERE */
	if (ulckpwdf() || lckpwdf() || ulckpwdf())
		return 2;
	return 0;
}
