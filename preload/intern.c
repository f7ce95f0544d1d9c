/* SPDX-License-Identifier: MIT */
#include "intern.h"

#define PROBES 64

uint64_t hf_intern_key(uint64_t a, uint64_t b)
{
	uint64_t key = a * UINT64_C(0xff51afd7ed558ccd);

	key ^= key >> 32;
	key = (key ^ b) * UINT64_C(0xc4ceb9fe1a85ec53);
	key ^= key >> 29;
	return key ? key : 1;
}

static bool take(struct hf_interned *slot, uint64_t *key_found, uint64_t key)
{
	return __atomic_compare_exchange_n(&slot->key, key_found, key, false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED);
}

struct hf_interned *hf_intern(struct hf_interned *table, unsigned bits, uint64_t key, bool *ret_new)
{
	uint64_t mask = ((uint64_t)1 << bits) - 1;
	uint64_t first = (key * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - bits);

	for (unsigned probe = 0; probe < PROBES; probe++) {
		struct hf_interned *slot = &table[(first + probe) & mask];
		uint64_t found = __atomic_load_n(&slot->key, __ATOMIC_RELAXED);

		*ret_new = found == 0 && take(slot, &found, key);
		if (*ret_new || found == key)
			return slot;
	}
	return NULL;
}

hf_ref hf_intern_ref(const struct hf_interned *slot)
{
	return slot ? __atomic_load_n(&slot->ref, __ATOMIC_ACQUIRE) : 0;
}

hf_ref hf_intern_set(struct hf_interned *slot, hf_ref ref)
{
	hf_ref found = 0;

	if (!slot || !ref)
		return ref;
	return __atomic_compare_exchange_n(&slot->ref, &found, ref, false, __ATOMIC_RELEASE,
					   __ATOMIC_ACQUIRE)
		       ? ref
		       : found;
}
