/* SPDX-License-Identifier: MIT */
/*
 * A program that uses the sugar of holdfast.h. tests/interop/consumer.sh compiles it as C99, C11, C17
 * and C++ with every warning an error, and runs it: 0 when all is as the header says.
 */
#include <holdfast.h>

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static int held(hf_lock *lock)
{
	return hf_lock_mode(lock) != 0;
}

static int leaves_by_return(hf_lock *lock)
{
	int result;

	HF_WITH_LOCK(lock, HF_EXCLUSIVE, HF_NOWAIT, &result) {
		CHECK(held(lock));
		return 7;
	}
	return result;
}

static void leaves_by_break_and_continue(hf_lock *lock)
{
	int result = 1;
	int inside = 0;
	int turn;

	for (turn = 0; turn < 3; turn++) {
		HF_WITH_LOCK(lock, HF_SHARED, HF_MSEC(10), &result) {
			inside++;
			if (turn == 1)
				break;
			if (turn == 2)
				continue;
			CHECK(held(lock));
		}
		CHECK(result == 0);
		CHECK(!held(lock));
	}
	CHECK(inside == 3);
}

static void leaves_by_goto(hf_lock *lock)
{
	int result;

	HF_WITH_LOCK(lock, HF_EXCLUSIVE, HF_SEC(1), &result) {
		goto out;
	}
out:
	CHECK(!held(lock));
}

static void nests(hf_lock *outer, hf_lock *inner)
{
	int first = 1;
	int second = 1;

	HF_WITH_LOCK(outer, HF_EXCLUSIVE, HF_NOWAIT, &first) {
		HF_WITH_LOCK(inner, HF_EXCLUSIVE, HF_NOWAIT, &second) {
			CHECK(held(outer) && held(inner));
		}
		CHECK(held(outer) && !held(inner));
	}
	CHECK(first == 0 && second == 0 && !held(outer));
}

#ifdef CANCELLED
#include <pthread.h>

static void *is_cancelled_inside(void *arg)
{
	hf_lock *lock = (hf_lock *)arg;
	int result;

	HF_WITH_LOCK(lock, HF_EXCLUSIVE, HF_NOWAIT, &result) {
		CHECK(held(lock));
		CHECK(pthread_cancel(pthread_self()) == 0);
		pthread_testcancel();
		CHECK(!"cancelled");
	}
	return 0;
}

static void leaves_by_cancellation(hf_lock *lock)
{
	pthread_t thread;
	void *ret;

	CHECK(pthread_create(&thread, 0, is_cancelled_inside, lock) == 0);
	CHECK(pthread_join(thread, &ret) == 0 && ret == PTHREAD_CANCELED);
	CHECK(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT) == 0);
	CHECK(hf_lock_release(lock) == 0);
}
#endif

static void skips_the_block_on_failure(hf_lock *lock)
{
	int first, second;
	int entered = 0;

	HF_WITH_LOCK(lock, HF_EXCLUSIVE, HF_NOWAIT, &first) {
		HF_WITH_LOCK(lock, HF_EXCLUSIVE, HF_NOWAIT, &second) {
			entered = 1;
		}
		CHECK(!entered && second != 0);
		CHECK(held(lock));
	}
	CHECK(!held(lock));
}

static int count_calls(void *arg)
{
	int *calls = (int *)arg;

	return ++*calls;
}

static void calls_with_a_lock(const char *path, hf_lock *lock)
{
	int calls = 0;
	int result = 0;

	CHECK(hf_with_lock(path, HF_EXCLUSIVE, HF_SEC(1), count_calls, &calls, &result) == 0);
	CHECK(calls == 1 && result == 1);
	CHECK(hf_with_lock(path, HF_SHARED, HF_NOWAIT, count_calls, &calls, 0) == 0);
	CHECK(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT) == 0);
	CHECK(hf_with_lock(path, HF_SHARED, HF_NOWAIT, count_calls, &calls, 0) != 0);
	CHECK(calls == 2);
	CHECK(hf_lock_release(lock) == 0);
}

static void closes_by_itself(const char *path)
{
	HF_AUTO_CLOSE hf_lock *lock = 0;
	HF_AUTO_CLOSE hf_lock *never = 0;

	CHECK(hf_lock_open(path, 0, &lock) == 0);
	CHECK(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT) == 0);
	CHECK(!never);
}

int main(int argc, char **argv)
{
	HF_AUTO_CLOSE hf_lock *lock = 0;
	HF_AUTO_CLOSE hf_lock *other = 0;

	CHECK(argc == 3);
	CHECK(hf_version() == 0x000100);
	CHECK(hf_lock_open(argv[1], 0, &lock) == 0);
	CHECK(hf_lock_open(argv[2], 0, &other) == 0);
	CHECK(leaves_by_return(lock) == 7 && !held(lock));
	leaves_by_break_and_continue(lock);
	leaves_by_goto(lock);
#ifdef CANCELLED
	leaves_by_cancellation(lock);
#endif
	nests(lock, other);
	skips_the_block_on_failure(lock);
	calls_with_a_lock(argv[1], lock);
	closes_by_itself(argv[1]);
	CHECK(hf_lock_acquire(lock, HF_EXCLUSIVE, HF_NOWAIT) == 0);
	return 0;
}
