/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A snapshot costs in proportion to cards and devices, not queues: counts what
 * is opened.  Linked with --wrap, so that every open() and opendir() of the
 * library passes here.
 */
#include "support.h"

#include <dirent.h>
#include <fcntl.h>

static guint opened;

int __real_open (const char *path, int flags, ...);
int __real_open64 (const char *path, int flags, ...);
DIR *__real_opendir (const char *path);
int __wrap_open (const char *path, int flags, ...);
int __wrap_open64 (const char *path, int flags, ...);
DIR *__wrap_opendir (const char *path);

/* the library only reads: there is no mode to pass on */
int
__wrap_open (const char *path, int flags, ...)
{
  opened++;
  return __real_open (path, flags);
}

int
__wrap_open64 (const char *path, int flags, ...)
{
  opened++;
  return __real_open64 (path, flags);
}

DIR *
__wrap_opendir (const char *path)
{
  opened++;
  return __real_opendir (path);
}

static guint
count_queues (const VapQueueSet *set)
{
  guint count = 0;

  for (guint adapter = 0; adapter < VAP_MASK_BITS; adapter++)
    count += vap_mask_count (&set->domains[adapter]);
  return count;
}

/* how much is opened for a host of eight cards and two matrices */
static guint
cost_of (const char *usage_domains, guint expected_queues)
{
  g_autofree char *description
      = g_strdup_printf ("ap-bus cards=00-07:13:4 udoms=%s apmask=-0-7\n"
                         "device " A_UUID " adapters=0-3 domains=%s\n"
                         "device " B_UUID " adapters=4-7 domains=%s\n",
                         usage_domains, usage_domains, usage_domains);
  g_autoptr (VapHost) host = NULL;

  opened = 0;
  host = host_of (description);
  g_assert_cmpuint (count_queues (&host->queues), ==, expected_queues);
  g_assert_cmpuint (count_queues (&host->vfio_bound), ==, expected_queues);
  g_assert_cmpuint (host->problems->len, ==, 0);
  return opened;
}

static void
test_queues_cost_nothing (void)
{
  guint few = cost_of ("0", 8);
  guint many = cost_of ("0-ff", 8 * 256);

  g_assert_cmpuint (few, >, 8 * 5);
  g_assert_cmpuint (few, <, 80);
  g_assert_cmpuint (many, ==, few);
}

/* who looks at one device opens nothing of the others, nor of the cards */
static void
test_one_device (void)
{
  g_autoptr (VapTestTree) dir
      = vap_test_tree_new ("ap-bus cards=00-07:13:4 udoms=0-3 apmask=-0-7\n"
                           "device " A_UUID " adapters=0-3 domains=0-3\n"
                           "device " B_UUID " adapters=4-7 domains=0-3\n");
  g_autoptr (VapHost) host = NULL;

  opened = 0;
  host = vap_host_read_device (dir, A_UUID, NULL);
  g_assert_nonnull (vap_host_find_device (host, A_UUID));
  g_assert_cmpuint (opened, >, 0);
  g_assert_cmpuint (opened, <=, 2);
}

/* who asks about one guest opens neither masks nor cards, and of the devices its own:
 * cpuinfo, QCI, ap_config; then three directories that are not there */
static void
test_one_guest (void)
{
  g_autoptr (VapTestTree) dir
      = vap_test_tree_new ("cpuinfo\n"
                           "ap-bus cards=00-07:13:4 udoms=0-3 apmask=-0-7\n"
                           "device " A_UUID " adapters=0-3 domains=0-3\n"
                           "device " B_UUID " adapters=4-7 domains=0-3\n");
  const char *const devices[] = { A_UUID, NULL };
  const VapScope scope = { .facts = VAP_FACTS_FEATURES | VAP_FACTS_DEVICES | VAP_FACTS_GUESTS,
                           .devices = devices };
  g_autoptr (VapHost) host = NULL;

  opened = 0;
  host = vap_host_read_scope (dir, &scope, NULL);
  g_assert_nonnull (vap_host_find_device (host, A_UUID));
  g_assert_null (vap_host_find_device (host, B_UUID));
  g_assert_true (vap_host_has_feature (host, VAP_FEATURE_APQI));
  g_assert_cmpuint (host->cards->len, ==, 0);
  g_assert_cmpuint (opened, <=, 6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cost/one-device", test_one_device);
  g_test_add_func ("/cost/one-guest", test_one_guest);
  g_test_add_func ("/cost/queues-cost-nothing", test_queues_cost_nothing);
  return g_test_run ();
}
