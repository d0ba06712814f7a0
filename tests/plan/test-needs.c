/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Needs and profiles: what is read, what is refused with which words, what meets them. */
#include "plan/profile.h"

#include "../host/tree.h"

#include <string.h>

static VapNeeds *
read_needs (const char *text)
{
  VapNeeds *needs = vap_needs_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (vap_needs_add_text (needs, text, strlen (text), &error));
  g_assert_no_error (error);
  return needs;
}

static void
check_web1 (const VapNeeds *needs)
{
  const VapNeed *need = needs->guests->pdata[0];

  g_assert_cmpuint (needs->guests->len, ==, 2);
  g_assert_cmpstr (need->name, ==, "web1");
  g_assert_cmpuint (need->queues, ==, 4);
  g_assert_cmpuint (need->modes, ==,
                    vap_need_mode_bit (VAP_CARD_MODE_CCA)
                        | vap_need_mode_bit (VAP_CARD_MODE_EP11));
  g_assert_cmpuint (need->hwtypes, ==, 1u << 3 | 1u << 4);
  g_assert_cmpuint (need->min_hwtype, ==, 12);
  g_assert_cmpuint (need->spread, ==, 2);
  g_assert_cmpuint (g_strv_length (need->away), ==, 2);
  g_assert_cmpstr (need->away[1], ==, "db2");
  g_assert_cmpuint (vap_mask_count (&need->adapters), ==, 3);
  g_assert_true (vap_mask_test (&need->adapters, 0x10));
  g_assert_true (vap_mask_test (&need->domains, 71));
  g_assert_cmpint (need->control, ==, VAP_CONTROL_LIST);
  g_assert_true (vap_mask_test (&need->control_domains, 8));
  g_assert_cmpstr (need->uuid, ==, "62177883-f1bb-47f0-914d-32a22e3a8801");
  g_assert_true (vap_mask_test (&needs->keep.domains[5], 0x47));
  g_assert_false (vap_mask_test (&needs->keep.domains[5], 0x48));
  g_assert_cmpuint (vap_mask_count (&needs->keep.domains[6]), ==, 256);
}

static void
test_key_file (void)
{
  g_autoptr (VapNeeds) needs
      = read_needs ("# two guests\n[guest web1]\nqueues=4\nmode=CCA;p\ncard=CEX7,cex8\n"
                    "min-generation=CEX6\nspread=2\naway-from=db1;db2\n"
                    "adapters=5,0x10-0x11\ndomains=71\ncontrol-domains=8\n"
                    "uuid=62177883-F1BB-47F0-914D-32A22E3A8801\n"
                    "[guest a guest]\nprofile=small\n[host]\nkeep=05.0047;06.*\n");

  check_web1 (needs);
}

static void
test_json (void)
{
  g_autoptr (VapNeeds) needs = read_needs (
      " {\"guests\":[{\"name\":\"web1\",\"queues\":4,\"mode\":[\"CCA\",\"P\"],"
      "\"card\":[\"CEX7\",\"CEX8\"],\"min_generation\":\"CEX6\",\"spread\":2,"
      "\"away_from\":[\"db1\",\"db2\"],\"adapters\":[5,16,17],\"domains\":[71],"
      "\"control_domains\":[8],\"uuid\":\"62177883-f1bb-47f0-914d-32a22e3a8801\"},"
      "{\"name\":\"a;guest\",\"profile\":\"small\"}],"
      "\"host\":{\"keep\":[\"05.0047\",\"06.*\"]}}");

  check_web1 (needs);
}

static const struct {
  const char *text;
  const char *message; /* a part of it */
} refused[] = {
  { "[guest a]\nqueues=0\n", "[guest a]: queues: '0' is no number from 1 to 65536" },
  { "[guest a]\nqueues=four\n", "'four'" },
  { "[guest a]\nmode=X\n", "mode: 'X' is no mode" },
  { "[guest a]\ncard=CEX3\n", "card: 'CEX3'" },
  { "[guest a]\nmin-generation=new\n", "'new'" },
  { "[guest a]\nspread=257\n", "spread: '257'" },
  { "[guest a]\nadapters=256\n", "above 255" },
  { "[guest a]\ndomains=0047\n", "can be read as" },
  { "[guest a]\ndomains=none\n", "names no number" },
  { "[guest a]\nqueue=1\n", "there is no key 'queue'" },
  { "[guest a]\nuuid=x\n", "'x' is no UUID" },
  { "[guest a]\nprofile=../x\n", "'../x'" },
  { "[guest ]\nqueues=1\n", "no name" },
  { "[guest a]\n[guest a]\n", "line 2: the group [guest a] is there twice" },
  { "[guest a]\nmode=\xcf\n", "line 2: it is not UTF-8" },
  { "[gast a]\nqueues=1\n", "[gast a]: there is no such group" },
  { "[host]\nkeep=5.47\n", "'5.47' names no queues" },
  { "[host]\nkeep=*.*\n", "'*.*' names no queues" },
  { "[host]\nleave=05.0047\n", "there is no key 'leave'" },
  { "queues=1\n", "group" },
  { "{\"guests\":[{\"queues\":1}]}", "guests[0]: name" },
  { "{\"guests\":[{\"name\":\"a\",\"queues\":true}]}", "guests[0]: 'a': queues" },
  { "{\"guests\":[{\"name\":\"a\",\"queues\":0}]}", "'0' is no number" },
  { "{\"guests\":[{\"name\":\"a\"},{\"name\":\"a\"}]}", "the guest 'a' is there twice" },
  { "{\"guests\":[{\"name\":\"a\",\"away_from\":\"b\"}]}", "away_from: a list" },
  { "{\"guest\":[]}", "guest: guests or host" },
  { "{\"host\":{}}", "host: an object" },
  { "{\"guests\":{}}", "guests: a list" },
  { "{", "JSON" },
};

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autoptr (VapNeeds) needs = vap_needs_new ();
    g_autoptr (GError) error = NULL;

    g_assert_false (
        vap_needs_add_text (needs, refused[i].text, strlen (refused[i].text), &error));
    g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
    if (strstr (error->message, refused[i].message) == NULL)
      g_error ("'%s' is not in '%s'", refused[i].message, error->message);
  }
}

/* what is refused only when all of a need is known */
static void
test_contradictions (void)
{
  static const struct {
    const char *text;
    const char *message;
  } cases[] = {
    { "[guest a]\nadapters=5\nspread=2\n", "spread over 2 adapters, and names only 1" },
    { "[guest a]\nqueues=3\nadapters=5\ndomains=1,2\n", "needs 3 queues" },
    { "[guest a]\naway-from=b;a\n", "away from itself" },
    { "[guest a]\nprofile=none\n", "there is no profile 'none'" },
  };
  g_autoptr (VapProfiles) profiles = vap_profiles_new ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VapNeeds) needs = read_needs (cases[i].text);
    g_autoptr (GError) error = NULL;

    g_assert_false (vap_needs_complete (needs, profiles, &error));
    g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
    g_assert_nonnull (strstr (error->message, cases[i].message));
  }
}

static void
test_profile (void)
{
  static const char text[]
      = "[profile hsm-small]\ndescription=Two CCA queues\nqueues=2\nmode=CCA\n"
        "spread=2\nreserved=3\n[profile a]\nqueues=1\n";
  g_autoptr (VapProfiles) profiles = vap_profiles_new ();
  g_autoptr (VapNeeds) needs
      = read_needs ("[guest web1]\nprofile=hsm-small\nqueues=6\n[guest web2]\n");
  const VapNeed *need = needs->guests->pdata[0];
  const VapNeed *bare = needs->guests->pdata[1];
  g_autoptr (GError) error = NULL;

  g_assert_true (vap_profiles_add_text (profiles, text, strlen (text), "f", &error));
  g_assert_no_error (error);
  g_assert_cmpstr (((VapProfile *)profiles->list->pdata[0])->name, ==, "a");
  g_assert_cmpuint (vap_profiles_find (profiles, "hsm-small")->reserved, ==, 3);
  g_assert_true (vap_needs_complete (needs, profiles, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (need->queues, ==, 6);
  g_assert_cmpuint (need->spread, ==, 2);
  g_assert_cmpuint (need->modes, ==, vap_need_mode_bit (VAP_CARD_MODE_CCA));
  g_assert_cmpuint (bare->queues, ==, 1);
}

static void
test_profile_refused (void)
{
  static const struct {
    const char *text;
    const char *message;
  } cases[] = {
    { "[profile Big]\nqueues=1\n", "small letters" },
    { "[profile a--b]\nqueues=1\n", "small letters" },
    { "[profile a]\nreserved=-1\n", "reserved: '-1'" },
    { "[profile a]\naway-from=web1\n", "belongs to a guest" },
    { "[profile a]\nprofile=b\n", "there is no key 'profile'" },
    { "[guest a]\nqueues=1\n", "no such group" },
    { "[profile a]\nadapters=1\nspread=2\n", "[profile a]: 'a' is to be spread" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VapProfiles) profiles = vap_profiles_new ();
    g_autoptr (GError) error = NULL;

    g_assert_false (vap_profiles_add_text (profiles, cases[i].text,
                                           strlen (cases[i].text), NULL, &error));
    g_assert_error (error, VAP_ERROR, VAP_ERROR_MALFORMED);
    g_assert_nonnull (strstr (error->message, cases[i].message));
  }
}

static void
test_directory (void)
{
  g_autoptr (VapTestTree) tree
      = vap_test_tree_new ("etc/virt-ap/profiles.d/b.conf << EOF\n[profile big]\nqueues=8\n"
                           "EOF\netc/virt-ap/profiles.d/a.conf << EOF\n[profile small]\n"
                           "queues=1\nEOF\netc/virt-ap/profiles.d/notes.txt = rubbish\n");
  g_autoptr (VapTestTree) none = vap_test_tree_new ("etc/\n");
  g_autoptr (VapTestTree) bad = vap_test_tree_new (
      "etc/virt-ap/profiles.d/a.conf << EOF\n[profile a]\nqueues=x\nEOF\n");
  g_autoptr (GError) error = NULL;
  g_autoptr (VapProfiles) profiles = vap_profiles_read (tree, &error);
  g_autoptr (VapProfiles) nothing = vap_profiles_read (none, NULL);

  g_assert_no_error (error);
  g_assert_cmpuint (profiles->list->len, ==, 2);
  g_assert_cmpstr (vap_profiles_find (profiles, "big")->file, ==,
                   "/etc/virt-ap/profiles.d/b.conf");
  g_assert_cmpuint (nothing->list->len, ==, 0);
  g_assert_null (vap_profiles_read (bad, &error));
  g_assert_nonnull (strstr (error->message, "profiles.d/a.conf: [profile a]: queues"));
}

/* queues, spread, named adapters and domains: on how many adapters at most */
static void
test_shapes (void)
{
  static const struct {
    const char *text;
    guint most;
  } cases[] = {
    { "queues=4", 4 },
    { "queues=4\nspread=2", 4 },
    { "queues=1\nspread=2", 2 },
    { "queues=4\nadapters=1,2", 2 },
    { "queues=4\ndomains=1,2", 2 },
    { "adapters=1,2\ndomains=1-3", 2 },
    { "queues=300", 256 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = g_strconcat ("[guest a]\n", cases[i].text, "\n", NULL);
    g_autoptr (VapNeeds) needs = read_needs (text);
    VapNeed *need = needs->guests->pdata[0];

    g_assert_true (vap_need_complete (need, NULL, NULL));
    g_assert_cmpuint (vap_need_most_adapters (need), ==, cases[i].most);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/needs/key-file", test_key_file);
  g_test_add_func ("/plan/needs/json", test_json);
  g_test_add_func ("/plan/needs/refused", test_refused);
  g_test_add_func ("/plan/needs/contradictions", test_contradictions);
  g_test_add_func ("/plan/needs/shapes", test_shapes);
  g_test_add_func ("/plan/profile/text", test_profile);
  g_test_add_func ("/plan/profile/refused", test_profile_refused);
  g_test_add_func ("/plan/profile/directory", test_directory);
  return g_test_run ();
}
