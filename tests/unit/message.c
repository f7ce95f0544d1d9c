/* SPDX-License-Identifier: MIT */
#include "message.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct hf_rec_finding a_close(void)
{
	return (struct hf_rec_finding){
		.head = { .tid = 12, .time = 5000000 },
		.kind = HF_KIND_CLOSE_DROPS_LOCK,
		.proof = HF_PROOF_GETLK,
		.primitive = HF_PRIM_POSIX,
		.mode = HF_MODE_WRITE,
		.fd = 3,
		.other_fd = 4,
		.id = { .dev = 0x801, .ino = 42 },
		.end = HF_EOF,
		.via = "fclose",
	};
}

static const char *what(const struct hf_rec_finding *finding, const char *file)
{
	static char data[1000];
	struct hf_text text = hf_text_in(data, sizeof(data));

	hf_message_what(&text, finding, file);
	return data;
}

Test(message, the_sentences_of_a_kind_are_filled_in, .timeout = 10)
{
	struct hf_rec_finding finding = a_close();

	cr_expect_str_eq(what(&finding, "ledger.db"),
			 "ledger.db: the write lock is gone; fd 3, which took it, is still open.\n"
			 "fclose() closed fd 4, another descriptor of the same file.");
}

Test(message, a_descriptor_that_lost_its_description_is_not_called_another, .timeout = 10)
{
	struct hf_rec_finding finding = a_close();

	strcpy(finding.via, "freopen");
	finding.other_fd = finding.fd;
	cr_expect_str_eq(what(&finding, "ledger.db"),
			 "ledger.db: the write lock is gone; fd 3, which took it, is still open.\n"
			 "freopen() put another open file description behind fd 3.");
}

Test(message, a_sentence_about_what_is_not_known_is_left_out, .timeout = 10)
{
	struct hf_rec_finding finding = a_close();

	finding.via[0] = '\0';
	finding.other_fd = HF_NO_FD;
	finding.proof = HF_PROOF_LATE;
	finding.since = 3200000;
	cr_expect_str_eq(what(&finding, "ledger.db"),
			 "ledger.db: the write lock is gone; fd 3, which took it, is still open.\n"
			 "What released it was not seen; the kernel last listed it 1.8 ms before "
			 "this was noticed.");
}

Test(message, a_file_without_a_recorded_path_is_named_by_its_inode, .timeout = 10)
{
	struct hf_rec_finding finding = a_close();

	cr_expect_not_null(strstr(what(&finding, NULL), "inode 42 of device 8:1: the write"));
}

Test(message, every_placeholder_of_every_kind_is_known, .timeout = 10)
{
	struct hf_rec_finding finding = a_close();

	finding.wanted = HF_MODE_READ;
	finding.wanted_primitive = HF_PRIM_OFD;
	finding.holder_tid = 7;
	finding.holder_pid = 8;
	memcpy(finding.name, "nfs", 4);
	finding.error = EAGAIN;
	for (finding.kind = 1; finding.kind < HF_KIND_COUNT; finding.kind++) {
		cr_expect_null(strpbrk(what(&finding, "f"), "{}?"), "%s",
			       hf_kind_info(finding.kind)->slug);
	}
}

Test(message, what_could_not_be_asked_is_a_warning_and_says_so, .timeout = 10)
{
	struct hf_rec_finding finding = a_close();
	unsigned used = HF_THEN_BIT(HF_THEN_WRITTEN);

	cr_expect_eq(hf_finding_level(&finding, used), HF_LEVEL_ERROR);
	finding.flags = HF_FINDING_UNASKED;
	cr_expect_eq(hf_finding_level(&finding, used), HF_LEVEL_WARNING);
	cr_expect_not_null(strstr(what(&finding, "f"), "\nOn a network or FUSE file system"));
}

Test(message, a_process_is_named_as_far_as_it_is_known, .timeout = 10)
{
	struct hf_rec_finding finding = { .kind = HF_KIND_NETWORK_FS, .name = "fuse.sixteen.ch" };

	cr_expect_not_null(strstr(what(&finding, "f"), "of type fuse.sixteen.ch."));
	memset(finding.name, 'x', sizeof(finding.name));
	cr_expect_not_null(strstr(what(&finding, "f"), "of type xxxxxxxxxxxxxxxx."),
			   "a name may fill its field");
}

Test(message, a_kind_of_a_newer_version_is_said_to_be_unknown, .timeout = 10)
{
	struct hf_rec_finding finding = a_close();

	finding.kind = 60000;
	cr_expect_str_eq(what(&finding, "f"),
			 "f: misuse of a kind that this holdfast does not know (60000).");
}

Test(message, a_cut_message_is_still_a_string, .timeout = 10)
{
	struct hf_rec_finding finding = a_close();
	char data[64];

	for (size_t size = 1; size <= sizeof(data); size++) {
		struct hf_text text = hf_text_in(data, size);

		hf_message_what(&text, &finding, "ledger.db");
		cr_assert_eq(strlen(data), text.used);
		cr_assert_lt(text.used, size);
	}
}

Test(message, a_consequence_is_told_with_what_is_known_of_it, .timeout = 10)
{
	struct hf_rec_consequence then = {
		.what = HF_THEN_WRITTEN, .fd = 3, .bytes = 8, .offset = 512, .via = "write"
	};
	char data[200];
	struct hf_text text = hf_text_in(data, sizeof(data));

	hf_message_then(&text, &then);
	cr_expect_str_eq(data, "written without the lock: write(), 8 bytes at 512, fd 3");
	then = (struct hf_rec_consequence){ .what = HF_THEN_TAKEN, .pid = 99 };
	text = hf_text_in(data, sizeof(data));
	hf_message_then(&text, &then);
	cr_expect_str_eq(data, "taken by somebody else, pid 99");
}

Test(message, the_level_follows_from_what_came_after, .timeout = 10)
{
	struct hf_rec_finding finding = a_close();

	cr_expect_eq(hf_finding_level(&finding, 0), HF_LEVEL_WARNING);
	cr_expect_eq(hf_finding_level(&finding, HF_THEN_BIT(HF_THEN_TEARDOWN)), HF_LEVEL_NOTE);
	cr_expect_eq(hf_finding_level(&finding,
				      HF_THEN_BIT(HF_THEN_TEARDOWN) | HF_THEN_BIT(HF_THEN_WRITTEN)),
		     HF_LEVEL_ERROR);
	cr_expect_eq(hf_finding_level(&finding, HF_THEN_BIT(HF_THEN_WITHDRAWN)), HF_LEVEL_NONE);
	finding.level = HF_LEVEL_ERROR;
	cr_expect_eq(hf_finding_level(&finding, HF_THEN_BIT(HF_THEN_RETAKEN)), HF_LEVEL_ERROR);
	finding = (struct hf_rec_finding){ .kind = HF_KIND_REENTRANT_ACQUIRE };
	cr_expect_eq(hf_finding_level(&finding, HF_THEN_BIT(HF_THEN_TEARDOWN)), HF_LEVEL_WARNING);
}

Test(message, durations_and_ranges_are_short, .timeout = 10)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} durations[] = {
		{ 0, "0 ns" },	       { 999, "999 ns" },     { 40000, "40 us" },
		{ 1800000, "1.8 ms" }, { 9000000000, "9 s" }, { 7200000000000, "7200 s" }
	};
	char data[40];
	struct hf_text text;

	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		text = hf_text_in(data, sizeof(data));
		hf_text_add_duration(&text, durations[i].ns);
		cr_expect_str_eq(data, durations[i].text);
	}
	text = hf_text_in(data, sizeof(data));
	hf_text_add_range(&text, 10, 19);
	hf_text_add(&text, " ");
	hf_text_add_range(&text, 5, 5);
	hf_text_add(&text, " ");
	hf_text_add_range(&text, 0, HF_EOF);
	cr_expect_str_eq(data, "10-19 5 0-EOF");
}
