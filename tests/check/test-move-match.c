/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The choice of adapters and domains for a move, against brute force on small hosts; and
 * texts of mkvps, pair by pair. */
#include "check/move-keys.h"
#include "check/move-match.h"

#include <string.h>

#define ROUNDS 3000
#define OURS 3u   /* at most so many adapters, and domains, of the guest's */
#define THEIRS 5u /* and of the other host's */

/* [adapter][domain][other]: the domains of the other host that fit */
typedef struct {
  guint n_adapters, n_domains;
  guint8 fits[OURS][OURS][THEIRS];
  guint asked;
} Case;

static VapMask
fits (gpointer data, guint adapter, guint domain, guint other)
{
  Case *test = data;
  VapMask mask = {{0}};

  g_assert_cmpuint (adapter, <, test->n_adapters);
  g_assert_cmpuint (domain, <, test->n_domains);
  g_assert_cmpuint (other, <, THEIRS);
  test->asked++;
  for (guint i = 0; i < THEIRS; i++)
    if (test->fits[adapter][domain][other] >> i & 1)
      vap_mask_set (&mask, i);
  return mask;
}

/* the numbers of the other host, one of THEIRS in each place, all different */
typedef struct {
  guint adapters[OURS], domains[OURS];
} Choice;

static gboolean
is_good (const Case *test, const Choice *choice)
{
  for (guint i = 0; i < test->n_adapters; i++)
    for (guint j = 0; j < test->n_domains; j++)
      if (!(test->fits[i][j][choice->adapters[i]] >> choice->domains[j] & 1))
        return FALSE;
  return TRUE;
}

static gboolean
all_differ (const guint *numbers, guint count)
{
  for (guint i = 0; i < count; i++)
    for (guint j = 0; j < i; j++)
      if (numbers[i] == numbers[j])
        return FALSE;
  return TRUE;
}

/* every choice there is: THEIRS to the power of the places */
static gboolean
there_is_one (const Case *test)
{
  guint n = test->n_adapters + test->n_domains, all = 1;

  for (guint i = 0; i < n; i++)
    all *= THEIRS;
  for (guint code = 0; code < all; code++) {
    Choice choice;
    guint rest = code;

    for (guint i = 0; i < test->n_adapters; i++, rest /= THEIRS)
      choice.adapters[i] = rest % THEIRS;
    for (guint i = 0; i < test->n_domains; i++, rest /= THEIRS)
      choice.domains[i] = rest % THEIRS;
    if (all_differ (choice.adapters, test->n_adapters)
        && all_differ (choice.domains, test->n_domains) && is_good (test, &choice))
      return TRUE;
  }
  return FALSE;
}

static void
fill (Case *test)
{
  gint density = g_test_rand_int_range (1, 5);

  memset (test, 0, sizeof *test);
  test->n_adapters = (guint) g_test_rand_int_range (1, OURS + 1);
  test->n_domains = (guint) g_test_rand_int_range (1, OURS + 1);
  for (guint i = 0; i < test->n_adapters; i++)
    for (guint j = 0; j < test->n_domains; j++)
      for (guint k = 0; k < THEIRS; k++)
        for (guint d = 0; d < THEIRS; d++)
          if (g_test_rand_int_range (0, 5) < density)
            test->fits[i][j][k] |= (guint8) (1u << d);
}

static void
check_match (const Case *test, const VapMoveMatch *match)
{
  Choice choice;
  guint cost = 0;

  for (guint i = 0; i < test->n_adapters; i++) {
    g_assert_cmpint (match->adapters[i], >=, 0);
    choice.adapters[i] = (guint) match->adapters[i];
    cost += choice.adapters[i] != i;
  }
  for (guint i = 0; i < test->n_domains; i++) {
    g_assert_cmpint (match->domains[i], >=, 0);
    choice.domains[i] = (guint) match->domains[i];
    cost += choice.domains[i] != i ? 256 : 0;
  }
  g_assert_true (all_differ (choice.adapters, test->n_adapters));
  g_assert_true (all_differ (choice.domains, test->n_domains));
  g_assert_true (is_good (test, &choice));
  g_assert_cmpuint (match->cost, ==, cost);
}

static void
test_as_brute_force (void)
{
  const Choice same = {{0, 1, 2}, {0, 1, 2}};
  const VapMask others = vap_mask_up_to (THEIRS - 1);

  for (guint round = 0; round < ROUNDS; round++) {
    VapMatrix matrix = {0};
    VapMoveMatch match;
    gboolean found;
    Case test;

    fill (&test);
    matrix.adapters = vap_mask_up_to (test.n_adapters - 1);
    matrix.domains = vap_mask_up_to (test.n_domains - 1);
    found = vap_move_match (&matrix, &others, fits, &test, &match);
    g_assert_true (match.complete);
    g_assert_cmpint (found, ==, there_is_one (&test));
    if (!found)
      continue;
    check_match (&test, &match);
    g_assert_cmpint (match.cost == 0, ==, is_good (&test, &same));
  }
}

/* 256 adapters that all fit everywhere but at their own number */
static VapMask
fits_elsewhere (gpointer data, guint adapter, G_GNUC_UNUSED guint domain, guint other)
{
  const VapMask none = {{0}};

  (*(guint *) data)++;
  return adapter == other ? none : vap_mask_up_to (255);
}

static void
test_a_full_host_ends (void)
{
  const VapMatrix full = {.adapters = vap_mask_up_to (255), .domains = vap_mask_up_to (255)};
  VapMoveMatch match;
  guint asked = 0;

  g_assert_true (vap_move_match (&full, &full.adapters, fits_elsewhere, &asked, &match));
  g_assert_cmpuint (match.cost, ==, 256);
  for (guint i = 0; i < 256; i++)
    g_assert_cmpint (match.domains[i], ==, (gint) i);
  g_assert_cmpuint (asked, <, 256 * 256 * 1000);
}

static void
test_keys (void)
{
  static const struct {
    const char *ours, *theirs;
    VapKeysMatch match;
    const char *name;
  } rows[] = {
    {NULL, "WK CUR: valid 0xaa\n", VAP_KEYS_UNKNOWN, NULL},
    {"", "WK CUR: valid 0xaa\n", VAP_KEYS_UNKNOWN, NULL},
    {"nonsense\n", "nonsense\n", VAP_KEYS_UNKNOWN, NULL},
    {"WK CUR: valid 0xaa\nWK NEW: empty -\n", "WK CUR: valid 0xaa", VAP_KEYS_SAME, NULL},
    {"WK CUR: valid 0xaa", "WK CUR: valid 0xab", VAP_KEYS_DIFFER, "WK CUR"},
    {"WK CUR: valid 0xaa", "WK CUR: valid 0xaaaa", VAP_KEYS_DIFFER, "WK CUR"},
    {"WK CUR: valid 0xaa", "WK CUR: invalid -", VAP_KEYS_DIFFER, "WK CUR"},
    {"WK CUR: valid 0xaa", "WK CUR: - -", VAP_KEYS_UNKNOWN, NULL},
    {"WK CUR: - -", "WK CUR: valid 0xaa", VAP_KEYS_UNKNOWN, NULL},
    {"WK CUR: invalid -", "WK CUR: valid 0xaa", VAP_KEYS_SAME, NULL},
    {"WK CUR: valid 0xaa", "AES CUR: valid 0xaa", VAP_KEYS_UNKNOWN, NULL},
    {"AES CUR: valid 0x1\nAES OLD: valid 0x2", "AES CUR: valid 0x1\nAES OLD: valid 0x3",
     VAP_KEYS_SAME, NULL},
    {"AES CUR: valid 0x1\nASYM CUR: valid 0x2", "AES CUR: valid 0x1\n", VAP_KEYS_UNKNOWN, NULL},
    {"AES CUR: valid 0x1\n", "AES CUR: valid 0x1\nASYM CUR: valid 0x2", VAP_KEYS_UNKNOWN, NULL},
    /* a difference counts more than what is not known */
    {"AES CUR: - -\nAPKA CUR: valid 0x2", "AES CUR: valid 0x1\nAPKA CUR: valid 0x3",
     VAP_KEYS_DIFFER, "APKA CUR"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *name = NULL;

    g_test_message ("%s / %s", rows[i].ours, rows[i].theirs);
    g_assert_cmpint (vap_keys_compare (rows[i].ours, rows[i].theirs, &name), ==,
                     rows[i].match);
    g_assert_cmpstr (name, ==, rows[i].name);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/move/as-brute-force", test_as_brute_force);
  g_test_add_func ("/move/a-full-host-ends", test_a_full_host_ends);
  g_test_add_func ("/move/keys", test_keys);
  return g_test_run ();
}
