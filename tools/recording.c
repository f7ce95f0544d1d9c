/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int pool_path(const char *path, char **ret)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return asprintf(ret, "%s/" RECORDING_POOL, path) < 0 ? -ENOMEM : 0;
	*ret = strdup(path);
	return *ret ? 0 : -ENOMEM;
}

/*
 * The pages behind the end of a file that is shorter than its header says would be a SIGBUS; the
 * view is told the size that is there now and never looks beyond it.
 */
static int map_file(int fd, struct recording *recording)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return -ENOMSG;
	recording->size = (size_t)st.st_size;
	recording->data = mmap(NULL, recording->size, PROT_READ, MAP_SHARED, fd, 0);
	return recording->data == MAP_FAILED ? -errno : 0;
}

static int map_path(struct recording *recording)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.*): whoever opens one names it */
	int fd = open(recording->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int ret;

	if (fd < 0)
		return -errno;
	ret = map_file(fd, recording);
	close(fd);
	return ret;
}

int recording_open(const char *path, struct recording *ret)
{
	struct recording recording = { .data = MAP_FAILED };
	int error = pool_path(path, &recording.path);

	if (!error)
		error = map_path(&recording);
	if (!error)
		error = hf_pool_open_view(recording.data, recording.size, &recording.view);
	if (error) {
		recording_close(&recording);
		return error;
	}
	*ret = recording;
	return 0;
}

void recording_close(struct recording *recording)
{
	if (recording->data && recording->data != MAP_FAILED)
		munmap(recording->data, recording->size);
	free(recording->path);
	memset(recording, 0, sizeof(*recording));
}

const char *recording_strerror(int error)
{
	switch (error) {
	case -ENOMSG:
		return "is no recording of holdfast check";
	case -EPROTO:
		return "was recorded by another version of holdfast, whose format this one cannot "
		       "read";
	case -EBADMSG:
		return "is damaged: its header contradicts itself";
	default:
		return strerror(-error);
	}
}

const struct hf_image *recording_image(const struct recording *recording, uint32_t number)
{
	const struct hf_image *image;

	if (number >= recording->view.image_count)
		return NULL;
	image = &recording->view.images[number];
	switch (__atomic_load_n(&image->kind, __ATOMIC_ACQUIRE)) {
	case HF_IMAGE_EXEC:
	case HF_IMAGE_FORK:
		return image;
	default:
		return NULL;
	}
}
