/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The judge from end to end: whatever XML or definition against two hosts, one
 * with most of what a host can have, one with nothing.
 */
#include "fuzz.h"

#include "check/check.h"
#include "tree.h"

#define FULL                                                                             \
  "ap-bus cards=05:13:4,06:13:2,0b:10:1 udoms=0,4,47,ab,ff cdoms=0-ff apmask=-5,-6\n"    \
  "cpuinfo\n"                                                                            \
  "device 62177883-f1bb-47f0-914d-32a22e3a8801 adapters=5 domains=4,ab control=4\n"      \
  "device 62177883-f1bb-47f0-914d-32a22e3a8802 adapters=6 domains=47\n"                  \
  "definition 62177883-f1bb-47f0-914d-32a22e3a8802 adapters=6 domains=47 start=auto\n"   \
  "definition 62177883-f1bb-47f0-914d-32a22e3a8803 adapters=6 domains=ff start=auto\n"   \
  "guest web1 uuid=11111111-2222-4333-8444-555555555501 state=running "                  \
  "devices=62177883-f1bb-47f0-914d-32a22e3a8801 features=ap,apft\n"                      \
  "guest web2 uuid=11111111-2222-4333-8444-555555555502 "                                \
  "devices=62177883-f1bb-47f0-914d-32a22e3a8803\n"

static const char *const descriptions[] = { FULL, "" };

static VapHost *hosts[G_N_ELEMENTS (descriptions)];
static VapQemu *qemu;

int LLVMFuzzerInitialize (int *argc, char ***argv);

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  static const char *const properties[]
      = { "ap", "apqci", "apft", "apqi", "type", "static", NULL };

  (void)argc;
  (void)argv;
  qemu = vap_qemu_new ("/usr/bin/qemu-system-s390x", "7.2.22", properties);
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++) {
    g_autoptr (VapTestTree) root = vap_test_tree_new (descriptions[i]);
    g_autoptr (GError) error = NULL;

    hosts[i] = vap_host_read (root, &error);
    g_assert_no_error (error);
  }
  return 0;
}

static void
check_findings (VapFindings *findings)
{
  g_autoptr (VapFindings) owned = findings;
  g_autofree char *text = vap_findings_to_text (owned, VAP_SEVERITY_NOTE);

  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_true ((owned->list->len == 0) == (*text == '\0'));
}

static void
judge_guest (const VapHost *host, const VapGuest *guest)
{
  g_autofree const char **hidden = vap_check_hidden_features (guest, qemu);

  g_assert_nonnull (hidden);
  check_findings (vap_check_guest (host, qemu, guest, VAP_ACTION_DEFINE));
  check_findings (vap_check_guest (host, NULL, guest, VAP_ACTION_START));
}

static void
judge_device (const VapHost *host, const VapDevice *device)
{
  check_findings (vap_check_device (host, device, VAP_ACTION_DEFINE));
  check_findings (vap_check_device (host, device, VAP_ACTION_START));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *text = (const char *)data;
  g_autoptr (VapGuest) guest = vap_guest_parse (text, size, NULL);
  g_autoptr (VapDevice) device = vap_device_parse_xml (text, size, NULL);

  if (device == NULL)
    device = vap_device_parse_mdevctl (text, size, NULL, VAP_DEVICE_PARENT, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++) {
    if (guest != NULL)
      judge_guest (hosts[i], guest);
    if (device != NULL)
      judge_device (hosts[i], device);
  }
  return 0;
}
