/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the snapshot's guests, and of who holds a device. */
#include "support.h"

#include <unistd.h>

#include <glib/gstdio.h>

#define WEB1 "11111111-2222-3333-4444-555555555501"
#define WEB2 "11111111-2222-3333-4444-555555555502"
#define WEB3 "11111111-2222-3333-4444-555555555503"

static void
test_states (void)
{
  g_autoptr (VapHost) host
      = host_of ("guest web3 uuid=" WEB3 " state=running\n"
                 "guest web1 uuid=" WEB1 " devices=" A_UUID " features=ap,apft\n"
                 "guest web2 uuid=" WEB2 " state=both\n");
  const VapHostGuest *guest = g_ptr_array_index (host->guests, 0);

  g_assert_cmpuint (host->guests->len, ==, 3);
  g_assert_cmpstr (guest->name, ==, "web1");
  g_assert_cmpstr (guest->uuid, ==, WEB1);
  g_assert_null (guest->running);
  g_assert_nonnull (vap_guest_feature (guest->defined, "apft"));
  guest = g_ptr_array_index (host->guests, 1);
  g_assert_true (guest->running != NULL && guest->defined != NULL);
  guest = g_ptr_array_index (host->guests, 2);
  g_assert_true (guest->running != NULL && guest->defined == NULL);
  g_assert_true (vap_host_find_guest (host, "web3") == guest);
  g_assert_true (vap_host_find_guest (host, WEB3) == guest);
  g_assert_null (vap_host_find_guest (host, "web4"));
  g_assert_null (vap_host_find_guest (host, NULL));
  g_assert_cmpuint (host->problems->len, ==, 0);
}

/* what lies beside the definitions in libvirt's directory is none */
static void
test_other_files (void)
{
  g_autoptr (VapHost) host
      = host_of ("guest web1 uuid=" WEB1 "\n"
                 "etc/libvirt/qemu/networks/default.xml = <network/>\n"
                 "etc/libvirt/qemu/autostart/web1.xml -> ../web1.xml\n"
                 "etc/libvirt/qemu/web1.xml.new = <domain\n"
                 "etc/libvirt/qemu/.web1.xml = <domain\n");

  g_assert_cmpuint (host->guests->len, ==, 1);
  g_assert_cmpuint (host->problems->len, ==, 0);
}

static void
test_broken_xml (void)
{
  g_autoptr (VapHost) host = host_of ("guest web1 uuid=" WEB1 "\n"
                                      "etc/libvirt/qemu/cut.xml = <domain><name>cut</na\n"
                                      "etc/libvirt/qemu/empty.xml =\n"
                                      "etc/libvirt/qemu/link.xml -> web1.xml\n"
                                      "etc/libvirt/qemu/dir.xml/\n"
                                      "run/libvirt/qemu/\xff.xml = \xff\n");

  g_assert_cmpuint (host->guests->len, ==, 1);
  g_assert_cmpuint (host->problems->len, ==, 5);
  g_assert_cmpuint (count_problems (host, "/etc/libvirt/qemu/cut.xml"), ==, 1);
  g_assert_cmpuint (count_problems (host, "/etc/libvirt/qemu/empty.xml"), ==, 1);
  g_assert_cmpuint (count_problems (host, "link.xml' is a symbolic link"), ==, 1);
  g_assert_cmpuint (count_problems (host, "dir.xml' is not a regular file"), ==, 1);
  for (guint i = 0; i < host->problems->len; i++)
    g_assert_true (g_utf8_validate (g_ptr_array_index (host->problems, i), -1, NULL));
}

static void
test_large_xml (void)
{
  g_autofree char *noise = g_strnfill (VAP_XML_MAX, ' ');
  g_autofree char *description
      = g_strdup_printf ("etc/libvirt/qemu/large.xml = <domain>%s</domain>\n", noise);
  g_autoptr (VapHost) host = host_of (description);

  g_assert_cmpuint (host->guests->len, ==, 0);
  g_assert_cmpuint (count_problems (host, "large.xml"), ==, 1);
}

/* an ordinary user is told once that guests are hidden, not once a guest */
static void
test_denied (void)
{
  g_autoptr (VapTestTree) dir
      = vap_test_tree_new ("guest web1 uuid=" WEB1 "\n"
                           "guest web2 uuid=" WEB2 "\n"
                           "guest web3 uuid=" WEB3 " state=running\n");
  g_autofree char *first = g_build_filename (dir, "etc/libvirt/qemu/web1.xml", NULL);
  g_autofree char *second = g_build_filename (dir, "etc/libvirt/qemu/web2.xml", NULL);
  g_autofree char *running = g_build_filename (dir, "run/libvirt/qemu", NULL);
  gboolean is_root = geteuid () == 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (VapHost) host = NULL;

  g_chmod (dir, 0755);
  g_chmod (first, 0);
  g_chmod (second, 0);
  g_chmod (running, 0);
  /* nothing is denied to root */
  if (is_root)
    g_assert_cmpint (seteuid (65534), ==, 0);
  host = vap_host_read (dir, &error);
  if (is_root)
    g_assert_cmpint (seteuid (0), ==, 0);
  g_chmod (running, 0755);
  g_assert_no_error (error);
  g_assert_cmpuint (host->guests->len, ==, 0);
  g_assert_cmpuint (host->problems->len, ==, 2);
  g_assert_cmpuint (count_problems (host, "/etc/libvirt/qemu'"), ==, 1);
  g_assert_cmpuint (count_problems (host, "/run/libvirt/qemu'"), ==, 1);
}

static void
test_running (void)
{
  g_autoptr (VapTestTree) dir
      = vap_test_tree_new ("guest web1 uuid=" WEB1 " devices=" A_UUID "\n"
                           "guest web2 uuid=" WEB2 " devices=" B_UUID " state=running\n");
  g_autoptr (GError) error = NULL;
  g_autoptr (VapHost) host = vap_host_read_running (dir, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (host->guests->len, ==, 1);
  g_assert_cmpstr (vap_host_holder (host, B_UUID, NULL, NULL)->name, ==, "web2");
  g_assert_null (vap_host_holder (host, A_UUID, NULL, NULL));
}

static void
test_holder (void)
{
  g_autoptr (VapHost) host = host_of ("guest web1 uuid=" WEB1 " devices=" A_UUID "\n"
                                      "guest web2 uuid=" WEB2 " devices=" A_UUID
                                      "," B_UUID " state=running\n");
  const VapHostGuest *web1 = vap_host_find_guest (host, "web1");
  const VapHostGuest *web2 = vap_host_find_guest (host, "web2");
  gboolean running;

  /* the running one comes first */
  g_assert_true (vap_host_holder (host, A_UUID, NULL, &running) == web2);
  g_assert_true (running);
  g_assert_true (vap_host_holder (host, A_UUID, WEB2, &running) == web1);
  g_assert_false (running);
  g_assert_true (vap_host_holder (host, A_UUID, WEB1, NULL) == web2);
  g_assert_true (
      vap_host_holder (host, "62177883-F1BB-47F0-914D-32A22E3A8802", NULL, NULL) == web2);
  g_assert_null (vap_host_holder (host, B_UUID, WEB2, &running));
  g_assert_false (running);
  g_assert_null (vap_host_holder (host, WEB1, NULL, NULL));
  g_assert_null (vap_host_holder (host, "?", NULL, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guests/states", test_states);
  g_test_add_func ("/guests/other-files", test_other_files);
  g_test_add_func ("/guests/broken-xml", test_broken_xml);
  g_test_add_func ("/guests/large-xml", test_large_xml);
  g_test_add_func ("/guests/denied", test_denied);
  g_test_add_func ("/guests/running", test_running);
  g_test_add_func ("/guests/holder", test_holder);
  return g_test_run ();
}
