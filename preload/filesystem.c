/* SPDX-License-Identifier: MIT */
#include "filesystem.h"

#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>

#include "fstype.h"
#include "mounts.h"
#include "proc.h"
#include "rawsys.h"
#include "shim.h"

#define KNOWN 32

static struct hf_filesystem known[KNOWN];
static unsigned next_place;

static void set_name(struct hf_filesystem *filesystem, const char *name, size_t length)
{
	if (length > sizeof(filesystem->name))
		length = sizeof(filesystem->name);
	memset(filesystem->name, 0, sizeof(filesystem->name));
	memcpy(filesystem->name, name, length);
}

/* NFS has several mounts of one device; their options about locks are the device's. */
static bool see_mount(void *ctx, const char *line, size_t length)
{
	struct hf_filesystem *filesystem = ctx;
	struct hf_mount_line mount;

	if (hf_mount_line_parse(line, length, &mount) < 0 || mount.dev != filesystem->dev)
		return true;
	set_name(filesystem, mount.type, mount.type_length);
	filesystem->keeps_flock = hf_mount_keeps_locks(&mount, HF_PRIM_FLOCK);
	filesystem->keeps_posix = hf_mount_keeps_locks(&mount, HF_PRIM_POSIX);
	return false;
}

/* May block. */
static struct hf_filesystem ask(int fd, uint64_t dev)
{
	struct hf_filesystem ret = { .dev = dev };
	struct statfs fs = { 0 };
	const char *name;

	(void)raw_fstatfs(fd, &fs);
	ret.type = (uint32_t)fs.f_type;
	name = hf_fstype_remote_name(ret.type);
	if (!name)
		return ret;
	ret.remote = true;
	set_name(&ret, name, strlen(name));
	(void)hf_proc_each_line("/proc/self/mountinfo", see_mount, &ret);
	return ret;
}

struct hf_filesystem *hf_filesystem_of(uint64_t dev)
{
	for (unsigned i = 0; i < KNOWN && known[i].dev; i++)
		if (known[i].dev == dev)
			return &known[i];
	return NULL;
}

/* Another thread may have been as fast. */
static void add(const struct hf_filesystem *filesystem)
{
	if (hf_filesystem_of(filesystem->dev))
		return;
	known[next_place++ % KNOWN] = *filesystem;
	if (filesystem->remote)
		hf_remote_meet();
}

bool hf_filesystem_meet(struct hf_file *file, int fd, struct hf_section *section)
{
	struct hf_file_notes *notes = hf_file_notes(file);
	struct hf_filesystem asked, *found = hf_filesystem_of(hf_file_id(file).dev);

	if (!found) {
		notes->pending++; /* so the file is not trimmed meanwhile */
		hf_section_leave(section);
		asked = ask(fd, hf_file_id(file).dev);
		if (hf_section_enter(section) != HF_ENTERED)
			return false;
		notes->pending--;
		add(&asked);
		found = hf_filesystem_of(asked.dev);
	}
	notes->met = true;
	notes->remote = found && found->remote;
	return true;
}
