/*
 * What every unit test needs: a fresh pool for each test and a main in one line.
 */
#ifndef POOL_FIXTURE_H
#define POOL_FIXTURE_H

#include <apr_pools.h>
#include <check.h>

/** Made anew before each test of a case by case_with_pool() and destroyed after it. */
extern apr_pool_t *test_pool;

/** A test case of @a suite whose tests may use test_pool. */
TCase *case_with_pool(Suite *suite, const char *name);

/** Run the suite; the exit status of the program. */
int run_suite(Suite *suite);

#endif
