/* SPDX-License-Identifier: MIT */
/* What forks, execs and daemon() do to locks: see rules_process.c. All need the section. */
#ifndef HF_PRELOAD_RULES_PROCESS_H
#define HF_PRELOAD_RULES_PROCESS_H

/*
 * This process is about to be replaced by the program of that path, by the function of that name,
 * or to become a daemon.
 */
void hf_rules_exec(const char *path, const char *via);

/* Once, from the constructor of a program that was started by that path. */
void hf_rules_arrived(const char *path);
void hf_rules_daemon(void);

/* The call failed: what was said about it did not happen. */
void hf_rules_withdraw(void);

/* This is the daemon: what was said about it has happened, and is not said again. */
void hf_rules_daemon_runs(void);

/*
 * In a fresh child: while the ledger is still the parent's, and once it is the child's own and
 * findings can be recorded again.
 */
void hf_rules_forking(int parent);
void hf_rules_forked(void);

#endif
