/* SPDX-License-Identifier: MIT */
#include "fstype.h"
#include "mounts.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

static struct hf_mount_line parsed(const char *line)
{
	struct hf_mount_line ret = { 0 };

	cr_assert_eq(hf_mount_line_parse(line, strlen(line), &ret), 0, "%s", line);
	return ret;
}

static bool is(const char *text, size_t length, const char *wanted)
{
	return length == strlen(wanted) && !memcmp(text, wanted, length);
}

Test(mounts, a_line_tells_device_type_and_options, .timeout = 10)
{
	struct hf_mount_line mount = parsed("36 35 98:1023 /mnt1 /mnt2 rw,noatime master:1 "
					    "propagate_from:2 - ext3 /dev/root rw,errors=continue");

	cr_expect_eq(mount.dev, makedev(98, 1023));
	cr_expect(is(mount.type, mount.type_length, "ext3"));
	cr_expect(is(mount.options, mount.options_length, "rw,errors=continue"));
}

Test(mounts, optional_fields_may_be_missing, .timeout = 10)
{
	struct hf_mount_line mount =
		parsed("44 27 0:40 / /mnt rw,nosuid - fuse /source rw,user_id=0,allow_other");

	cr_expect_eq(mount.dev, makedev(0, 40));
	cr_expect(is(mount.type, mount.type_length, "fuse"));
}

Test(mounts, what_is_no_such_line_is_refused, .timeout = 10)
{
	static const char *const lines[] = { "",
					     "36",
					     "36 35 98 / / rw - ext3 /dev/root rw",
					     "36 35 98:0x / / rw - ext3 /dev/root rw",
					     "36 35 98:0 / / rw ext3 /dev/root rw",
					     "36 35 98:0 / / rw - ext3 /dev/root" };
	struct hf_mount_line mount;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_expect_eq(hf_mount_line_parse(lines[i], strlen(lines[i]), &mount), -EINVAL, "%s",
			     lines[i]);
}

static bool keeps(const char *options, enum hf_primitive primitive)
{
	struct hf_mount_line mount = { .options = options, .options_length = strlen(options) };

	return hf_mount_keeps_locks(&mount, primitive);
}

Test(mounts, options_keep_locks_on_this_machine, .timeout = 10)
{
	cr_expect(keeps("rw,vers=3,nolock", HF_PRIM_POSIX));
	cr_expect(keeps("rw,vers=4.2,local_lock=all,addr=10.0.0.1", HF_PRIM_FLOCK));
	cr_expect(keeps("rw,local_lock=flock", HF_PRIM_FLOCK));
	cr_expect_not(keeps("rw,local_lock=flock", HF_PRIM_POSIX));
	cr_expect(keeps("rw,local_lock=posix", HF_PRIM_OFD));
	cr_expect_not(keeps("rw,local_lock=none,mountproto=nolock6", HF_PRIM_POSIX));
	cr_expect(keeps("rw,vers=3.1.1,nobrl", HF_PRIM_POSIX));
}

Test(mounts, network_and_fuse_file_systems_have_a_name, .timeout = 10)
{
	cr_expect_str_eq(hf_fstype_remote_name(0x6969), "nfs");
	cr_expect_str_eq(hf_fstype_remote_name(0x65735546), "fuse");
	cr_expect_str_eq(hf_fstype_remote_name(0xff534d42), "cifs");
	cr_expect_null(hf_fstype_remote_name(0xef53), "ext4 is neither");
}
