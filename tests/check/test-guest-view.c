/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest will see: each reason on a described host, and all of them against a
 * decision queue by queue. */
#include "check/guest-view.h"

#include <string.h>

#include "tree.h"

#define A_UUID "62177883-f1bb-47f0-914d-32a22e3a8801"
#define BUS "ap-bus cards=05:13:4,06:13:2,41:13:4 udoms=4,f,10,ab apmask=-5,-6,-0x41 "
#define DEVICE "device " A_UUID " adapters=5,6,41 domains=4,10,ab control=4,10,ff\n"
#define ALL "ap,apqci,apft,apqi"

static VapHost *
host_of (const char *description)
{
  g_autoptr (VapTestTree) dir = vap_test_tree_new (description);
  g_autoptr (GError) error = NULL;
  VapHost *host = vap_host_read (dir, &error);

  g_assert_no_error (error);
  return host;
}

/* @features: "ap,apft"; @secure: s390-pv */
static VapGuest *
guest_of (const char *features, gboolean secure, const char *device)
{
  g_auto (GStrv) names = g_strsplit (features, ",", -1);
  g_autoptr (GString) xml = g_string_new (
      "<domain type='kvm'><name>g</name><os><type arch='s390x'>hvm</type></os>"
      "<cpu mode='custom'><model>gen16a-base</model>");
  g_autoptr (GError) error = NULL;
  VapGuest *guest;

  for (guint i = 0; names[i] != NULL && *names[i] != '\0'; i++)
    g_string_append_printf (xml, "<feature policy='require' name='%s'/>", names[i]);
  g_string_append (xml, "</cpu><devices>");
  if (device != NULL)
    g_string_append_printf (xml,
                            "<hostdev mode='subsystem' type='mdev' model='vfio-ap'>"
                            "<source><address uuid='%s'/></source></hostdev>",
                            device);
  g_string_append_printf (xml, "</devices>%s</domain>",
                          secure ? "<launchSecurity type='s390-pv'/>" : "");
  guest = vap_guest_parse (xml->str, xml->len, &error);
  g_assert_no_error (error);
  return guest;
}

typedef struct {
  VapHost *host;
  VapGuest *guest;
  VapGuestView *view;
} Case;

static void
case_clear (Case *the_case)
{
  vap_guest_view_free (the_case->view);
  vap_guest_unref (the_case->guest);
  vap_host_unref (the_case->host);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Case, case_clear)

static Case
case_of (const char *description, const char *features, gboolean secure)
{
  Case made
      = { .host = host_of (description), .guest = guest_of (features, secure, A_UUID) };

  made.view = vap_guest_view_new (made.host, made.guest);
  return made;
}

static void
assert_usable (const VapGuestView *view, const char *adapters, const char *domains)
{
  g_autofree char *adapter_list = vap_mask_to_list (&view->usable.adapters, 2);
  g_autofree char *domain_list = vap_mask_to_list (&view->usable.domains, 4);

  g_assert_cmpstr (adapter_list, ==, adapters);
  g_assert_cmpstr (domain_list, ==, domains);
}

static void
assert_loss (const VapGuestView *view, guint index, VapViewReason reason, guint count)
{
  const VapViewLoss *loss;

  g_assert_cmpuint (index, <, view->losses->len);
  loss = &g_array_index (view->losses, VapViewLoss, index);
  g_assert_cmpint (loss->reason, ==, reason);
  g_assert_cmpuint (vap_matrix_count_queues (&loss->queues), ==, count);
}

static void
test_whole (void)
{
  g_auto (Case) all = case_of ("cpuinfo\n" BUS "\n" DEVICE, ALL, FALSE);
  g_autofree char *control = vap_mask_to_list (&all.view->usable.control_domains, 4);

  assert_usable (all.view, "05, 06, 41", "0004, 0010, 00ab");
  g_assert_cmpuint (all.view->losses->len, ==, 0);
  g_assert_cmpstr (control, ==, "0004, 0010");
  g_assert_true (all.view->interrupts);
  g_assert_true (all.view->device->active);
  g_assert_true (all.view->pqap.device && all.view->pqap.apxa);
}

static void
test_features (void)
{
  static const struct {
    const char *features;
    gboolean secure;
    VapViewReason reason;
  } cases[] = {
    { "", FALSE, VAP_VIEW_NO_AP },
    { "apqci,apft,apqi", FALSE, VAP_VIEW_NO_AP },
    { "ap,apqci,apqi", FALSE, VAP_VIEW_NO_APFT },
    { ALL, TRUE, VAP_VIEW_NO_APPV },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Case) lost
        = case_of ("cpuinfo\n" BUS "\n" DEVICE, cases[i].features, cases[i].secure);

    assert_usable (lost.view, "", "");
    assert_loss (lost.view, 0, cases[i].reason, 9);
    g_assert_cmpuint (lost.view->losses->len, ==, 1);
    g_assert_true (vap_mask_is_empty (&lost.view->usable.control_domains));
    g_assert_false (lost.view->interrupts);
  }
}

static void
test_secure (void)
{
  g_auto (Case) polls
      = case_of ("cpuinfo\n" BUS "features=APSC,APXA,APSB\n" DEVICE, ALL ",appv", TRUE);
  g_auto (Case) whole = case_of ("cpuinfo\n" BUS "features=APSC,APXA,APSB\n" DEVICE,
                                 ALL ",appv,appvi", TRUE);

  g_assert_cmpuint (polls.view->losses->len, ==, 0);
  g_assert_false (polls.view->interrupts);
  g_assert_true (whole.view->interrupts);
}

static void
test_limits (void)
{
  g_auto (Case) no_qci = case_of ("cpuinfo\n" BUS "\n" DEVICE, "ap,apft", FALSE);
  g_autofree char *control = vap_mask_to_list (&no_qci.view->usable.control_domains, 4);

  assert_usable (no_qci.view, "05, 06", "0004");
  g_assert_cmpuint (no_qci.view->losses->len, ==, 2);
  assert_loss (no_qci.view, 0, VAP_VIEW_NO_APQCI, 3);
  assert_loss (no_qci.view, 1, VAP_VIEW_NO_APQCI, 4);
  g_assert_cmpstr (control, ==, "0004");
  g_assert_false (no_qci.view->interrupts);
}

static void
test_no_apxa (void)
{
  g_auto (Case) basic
      = case_of ("cpuinfo\nap-bus cards=05:13:4 udoms=4,f apmask=-5 features=APSC\n"
                 "device " A_UUID " adapters=5 domains=4\n",
                 ALL, FALSE);

  assert_usable (basic.view, "05", "0004");
  g_assert_cmpuint (basic.view->losses->len, ==, 0);
  g_assert_false (basic.view->features[VAP_FEATURE_APXA]);
}

static void
test_host (void)
{
  g_auto (Case) absent = case_of ("cpuinfo\n" BUS "\n"
                                  "device " A_UUID " adapters=5,7 domains=4,47\n",
                                  ALL, FALSE);
  g_auto (Case) filtered = case_of (
      "cpuinfo\n" BUS "vfio=05.0004,05.0010,05.00ab,06.0004,41.0004,41.0010\n" DEVICE,
      ALL, FALSE);
  const VapViewLoss *loss;

  assert_usable (absent.view, "05", "0004");
  assert_loss (absent.view, 0, VAP_VIEW_ADAPTER_ABSENT, 2);
  assert_loss (absent.view, 1, VAP_VIEW_DOMAIN_ABSENT, 1);

  /* adapters that lack different queues are told apart */
  assert_usable (filtered.view, "05", "0004, 0010, 00ab");
  assert_loss (filtered.view, 0, VAP_VIEW_ADAPTER_FILTERED, 3);
  assert_loss (filtered.view, 1, VAP_VIEW_ADAPTER_FILTERED, 3);
  loss = &g_array_index (filtered.view->losses, VapViewLoss, 0);
  g_assert_true (vap_mask_test (&loss->queues.adapters, 6));
  g_assert_cmpuint (vap_mask_count (&loss->unbound), ==, 2);
  g_assert_true (vap_mask_test (&loss->unbound, 0xab));
}

static void
test_devices (void)
{
  g_autoptr (VapHost) host
      = host_of ("cpuinfo\n" BUS "\ndefinition " A_UUID " adapters=5 domains=4\n"
                 "sys/devices/ap/card05/chkstop = 1\n");
  g_autoptr (VapGuest) defined = guest_of (ALL, FALSE, A_UUID);
  g_autoptr (VapGuest) unknown
      = guest_of (ALL, FALSE, "62177883-f1bb-47f0-914d-32a22e3affff");
  g_autoptr (VapGuest) without = guest_of (ALL, FALSE, NULL);
  g_autoptr (VapGuestView) of_defined = vap_guest_view_new (host, defined);
  g_autoptr (VapGuestView) of_unknown = vap_guest_view_new (host, unknown);
  g_autoptr (VapGuestView) of_without = vap_guest_view_new (host, without);

  g_assert_false (of_defined->device->active);
  assert_usable (of_defined, "05", "0004");
  g_assert_cmpuint (vap_mask_count (&of_defined->deconfigured), ==, 1);
  g_assert_null (of_unknown->device);
  g_assert_nonnull (of_unknown->device_uuid);
  g_assert_false (of_unknown->pqap.device);
  g_assert_null (of_without->device_uuid);
  g_assert_cmpuint (of_without->losses->len, ==, 0);
}

/* What the kernel would say of one queue. */
static gboolean
sees_queue (const VapHost *host, const VapGuest *guest, const VapMatrix *matrix,
            VapQueue queue)
{
  gboolean basic = queue.adapter <= 63 && queue.domain <= 15;

  VAP_MASK_FOREACH (&matrix->domains, domain) {
    if (vap_mask_test (&host->usage_domains, (guint)domain)
        && !vap_queue_set_test (&host->vfio_bound,
                                (VapQueue){ queue.adapter, (guint8)domain }))
      return FALSE;
  }
  return vap_matrix_has_queue (matrix, queue)
         && vap_mask_test (&host->adapters, queue.adapter)
         && vap_mask_test (&host->usage_domains, queue.domain)
         && vap_guest_feature (guest, "ap") && vap_guest_feature (guest, "apft")
         && (vap_guest_feature (guest, "apqci") || basic);
}

static void
fill_random (VapMask *mask, guint percent, guint modulus)
{
  *mask = (VapMask){ 0 };
  for (guint bit = 0; bit < 256; bit++) {
    if (bit % modulus == 0 && (guint)g_test_rand_int_range (0, 100) < percent)
      vap_mask_set (mask, bit);
  }
}

/* every queue of the device is usable, or lost for exactly one reason */
static void
assert_partition (const VapHost *host, const VapGuest *guest, const VapGuestView *view)
{
  VAP_MASK_FOREACH (&view->matrix.adapters, adapter) {
    VAP_MASK_FOREACH (&view->matrix.domains, domain) {
      VapQueue queue = { (guint8)adapter, (guint8)domain };
      gboolean usable = vap_matrix_has_queue (&view->usable, queue);
      guint losses = 0;

      for (guint i = 0; i < view->losses->len; i++)
        losses += vap_matrix_has_queue (
            &g_array_index (view->losses, VapViewLoss, i).queues, queue);
      g_assert_cmpuint (losses, ==, usable ? 0 : 1);
      g_assert_cmpint (usable, ==, sees_queue (host, guest, &view->matrix, queue));
    }
  }
}

static void
test_random (void)
{
  static const char *const features[]
      = { ALL, "ap,apft", "ap,apqci", "ap,apqci,apft", "apft" };
  g_autoptr (VapHost) host = host_of ("cpuinfo\n" BUS "\n" DEVICE);
  VapHostDevice *device = g_ptr_array_index (host->devices, 0);

  for (guint i = 0; i < 120; i++) {
    g_autoptr (VapGuest) guest
        = guest_of (features[i % G_N_ELEMENTS (features)], FALSE, A_UUID);
    g_autoptr (VapGuestView) view = NULL;

    fill_random (&host->adapters, 80, 5);
    fill_random (&host->usage_domains, 80, 5);
    fill_random (&device->matrix.adapters, 50, 5);
    fill_random (&device->matrix.domains, 50, 5);
    for (guint adapter = 0; adapter < 256; adapter++)
      fill_random (&host->vfio_bound.domains[adapter], i % 2 ? 95 : 100, 1);
    view = vap_guest_view_new (host, guest);
    assert_partition (host, guest, view);
  }
}

static void
test_reasons (void)
{
  for (guint i = 0; i < VAP_N_VIEW_REASONS; i++) {
    g_assert_nonnull (vap_view_reason_id ((VapViewReason)i));
    g_assert_nonnull (vap_view_reason_to_string ((VapViewReason)i));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guest-view/whole", test_whole);
  g_test_add_func ("/guest-view/features", test_features);
  g_test_add_func ("/guest-view/secure", test_secure);
  g_test_add_func ("/guest-view/limits", test_limits);
  g_test_add_func ("/guest-view/no-apxa", test_no_apxa);
  g_test_add_func ("/guest-view/host", test_host);
  g_test_add_func ("/guest-view/devices", test_devices);
  g_test_add_func ("/guest-view/random", test_random);
  g_test_add_func ("/guest-view/reasons", test_reasons);
  return g_test_run ();
}
