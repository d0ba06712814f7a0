/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first look at a message: what it must not pass over, and what it should.
 */
#include "ap/glance.h"

#include <string.h>

static gboolean
look (const char *text)
{
  return vap_glance_may_concern_ap ((const guint8 *) text, strlen (text));
}

static void
test_concerns (void)
{
  static const char *const texts[] = {
    "<hostdev mode='subsystem' type='mdev' model='vfio-ap'>",
    "<hostdev type=\"mdev\" model=\"vfio-pci\"/>",
    "<capability type='mdev'><type id='vfio_ap-passthrough'/>",
    "<feature policy='require' name='ap'/>",
    "<feature name=\"apqci\"/>",
    "<feature name='apnew'/>",
    "<feature xmlns='urn:virt-ap:domain:1.0' name='x'/>",
    /* the same, written so that only a parser sees it */
    "<feature name='&#97;p'/>",
    "<feature name='&#x61;p'/>",
    "<!DOCTYPE domain [<!ENTITY a 'a'>]><feature name='&a;p'/>",
    "<?xml version='1.0' encoding='UTF-7'?>",
    "\x4c\x6f\xa7\x94\x93",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    if (!look (texts[i]))
      g_error ("passed over: %s", texts[i]);
  }
}

static void
test_does_not_concern (void)
{
  static const char *const texts[] = {
    "",
    "<domain type='kvm'><name>web1</name><features><apic/><acpi/></features></domain>",
    "<?xml version='1.0'?><domain><title>a &lt; b &amp; &quot;c&quot;</title></domain>",
    "<hostdev mode='subsystem' type='pci'><source><address domain='0x0000'/>",
    "<feature policy='require' name='vmx'/>",
    "mde", /* cut at the end of the message */
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    if (look (texts[i]))
      g_error ("nothing in it: %s", texts[i]);
  }
}

static void
test_long (void)
{
  g_autofree guint8 *bytes = g_malloc0 (VAP_GLANCE_MAX + 1);

  g_assert_false (vap_glance_may_concern_ap (bytes, VAP_GLANCE_MAX));
  g_assert_true (vap_glance_may_concern_ap (bytes, VAP_GLANCE_MAX + 1));
  memcpy (bytes + VAP_GLANCE_MAX - 4, "mdev", 4);
  g_assert_true (vap_glance_may_concern_ap (bytes, VAP_GLANCE_MAX));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/glance/concerns", test_concerns);
  g_test_add_func ("/glance/does-not-concern", test_does_not_concern);
  g_test_add_func ("/glance/long", test_long);
  return g_test_run ();
}
