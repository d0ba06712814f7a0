/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of findings, its text, the catalogue, and which features are hidden. */
#include "check/check.h"

#include <string.h>

static void
take (VapFindings *findings, const char *id, VapSeverity severity, const char *message,
      const char *hint)
{
  vap_findings_take (findings, id, severity, "subject", g_strdup (message),
                     g_strdup (hint));
}

static VapFindings *
one_of_each (void)
{
  VapFindings *findings = vap_findings_new ();

  take (findings, "matrix-empty", VAP_SEVERITY_WARNING, "first", NULL);
  take (findings, "queue-in-use", VAP_SEVERITY_ERROR, "second", "do this");
  take (findings, "feature-needs", VAP_SEVERITY_NOTE, "third", NULL);
  take (findings, "ap-off", VAP_SEVERITY_ERROR, "fourth", NULL);
  take (findings, "feature-needs", VAP_SEVERITY_WARNING, "fifth", NULL);
  return findings;
}

static void
test_text (void)
{
  g_autoptr (VapFindings) findings = one_of_each ();
  g_autoptr (VapFindings) none = vap_findings_new ();
  g_autofree char *all = vap_findings_to_text (findings, VAP_SEVERITY_NOTE);
  g_autofree char *errors = vap_findings_to_text (findings, VAP_SEVERITY_ERROR);
  g_autofree char *nothing = vap_findings_to_text (none, VAP_SEVERITY_NOTE);

  g_assert_cmpstr (all, ==,
                   "error[queue-in-use]: second\n"
                   "  hint: do this\n"
                   "error[ap-off]: fourth\n"
                   "warning[matrix-empty]: first\n"
                   "warning[feature-needs]: fifth\n"
                   "note[feature-needs]: third\n");
  g_assert_cmpstr (errors, ==,
                   "error[queue-in-use]: second\n"
                   "  hint: do this\n"
                   "error[ap-off]: fourth\n");
  g_assert_cmpstr (nothing, ==, "");
}

static void
test_counts (void)
{
  g_autoptr (VapFindings) findings = one_of_each ();
  g_autoptr (VapFindings) mild = vap_findings_new ();

  take (mild, "matrix-empty", VAP_SEVERITY_WARNING, "first", NULL);
  g_assert_cmpuint (vap_findings_count (findings, VAP_SEVERITY_ERROR), ==, 2);
  g_assert_cmpuint (vap_findings_count (findings, VAP_SEVERITY_WARNING), ==, 2);
  g_assert_cmpuint (vap_findings_count (findings, VAP_SEVERITY_NOTE), ==, 1);
  g_assert_true (vap_findings_refuse (findings));
  g_assert_false (vap_findings_refuse (mild));
}

static void
test_control_characters (void)
{
  g_autoptr (VapFindings) findings = vap_findings_new ();
  g_autofree char *text = NULL;

  take (findings, "ap-off", VAP_SEVERITY_ERROR, "a\nerror[x]: b\x1b[31mö", "c\rd");
  text = vap_findings_to_text (findings, VAP_SEVERITY_NOTE);
  g_assert_cmpstr (text, ==, "error[ap-off]: a?error[x]: b?[31mö\n  hint: c?d\n");
}

static void
test_catalogue (void)
{
  const char *before = "";

  for (const VapFindingInfo *info = vap_finding_catalogue (); info->id != NULL; info++) {
    g_test_message ("%s", info->id);
    g_assert_cmpstr (before, <, info->id);
    g_assert_true (vap_finding_info (info->id) == info);
    g_assert_true (g_str_has_suffix (info->meaning, "."));
    g_assert_true (g_str_has_suffix (info->cure, "."));
    g_assert_cmpuint (strlen (info->source), >, 0);
    g_assert_nonnull (info->example);
    before = info->id;
  }
  g_assert_null (vap_finding_info ("no-such-id"));
  g_assert_null (vap_finding_info (NULL));
}

static void
assert_hidden (const char *features, const VapQemu *qemu, const char *expected)
{
  g_autofree char *xml = g_strdup_printf (
      "<domain type='kvm'><name>a</name><metadata><v:crypto xmlns:v='" VAP_METADATA_NS
      "'><v:feature policy='require' name='apxa'/></v:crypto></metadata>"
      "<os><type arch='s390x'>hvm</type></os>"
      "<cpu mode='host-model'>%s</cpu></domain>",
      features);
  g_autoptr (GError) error = NULL;
  g_autoptr (VapGuest) guest = vap_guest_parse (xml, strlen (xml), &error);
  g_autofree const char **names = NULL;
  g_autofree char *list = NULL;

  g_assert_no_error (error);
  names = vap_check_hidden_features (guest, qemu);
  list = g_strjoinv (",", (char **)names);
  g_assert_cmpstr (list, ==, expected);
}

static void
test_hidden_features (void)
{
  const char *const today[] = { "ap", "apft", NULL };
  const char *const some_day[] = { "ap", "apft", "apxa", NULL };
  g_autoptr (VapQemu) old = vap_qemu_new ("qemu", "7.2", today);
  g_autoptr (VapQemu) new = vap_qemu_new ("qemu", "99", some_day);

  assert_hidden ("<feature name='apxa'/>", old, "apxa");
  assert_hidden ("<feature policy='disable' name='apxa'/>", old, "apxa");
  assert_hidden ("<feature name='apxa'/>", new, "");
  assert_hidden ("<feature name='apxa'/>", NULL, "apxa");
  /* not the judge's to hide: what could be removed, and what is no AP feature */
  assert_hidden ("<feature name='appv'/><feature name='vx'/>", old, "");
  /* it is in the metadata, which is where it belongs */
  assert_hidden ("<feature name='ap'/>", old, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/check/findings/text", test_text);
  g_test_add_func ("/check/findings/counts", test_counts);
  g_test_add_func ("/check/findings/control-characters", test_control_characters);
  g_test_add_func ("/check/findings/catalogue", test_catalogue);
  g_test_add_func ("/check/hidden-features", test_hidden_features);
  return g_test_run ();
}
