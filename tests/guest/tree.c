/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is left out of a tree is what nobody asks for, and no more: all documents of these
 * tests, and some made to be mistaken.
 */
#include <string.h>

#include "support.h"
#include "whole.h"

static void
check_file (const char *path, const char *text, gsize length)
{
  g_test_message ("%s", path);
  assert_as_whole (text, length);
}

static void
test_files (void)
{
  static const char *const folders[]
      = { "domain", "rewrite", "complete", "add-device", "nova", "device" };

  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++)
    for_each_file (folders[i], ".xml", check_file);
}

static void
test_mistaken (void)
{
  static const char *const documents[] = {
    /* what is asked for, where nobody asks */
    "<domain><clock a='1'><name>x</name><devices><hostdev/></devices></clock><name>n</name>"
    "</domain>",
    "<domain><devices><disk a='1'><hostdev b='2'><source/></hostdev></disk>"
    "<hostdev c='3'>t<disk d='4'>u</disk></hostdev></devices></domain>",
    "<devices><disk a='1'>t</disk></devices>",
    "<a><domain b='1'><clock c='2'/></domain></a>",
    "<domain><domain a='1'><name>x</name></domain><name>n</name></domain>",
    "<domain><metadata a='1'><devices><disk b='2'/></devices><domain><clock c='3'/></domain>"
    "</metadata></domain>",
    "<domain><cpu><devices><disk a='1'/></devices></cpu></domain>",
    /* deeper than all that is skimmed */
    "<domain><devices><hostdev><domain><devices><disk a='1'>t</disk></devices></domain>"
    "</hostdev></devices></domain>",
    /* around a domain */
    "<domstatus a='1'><monitor b='2'><x/></monitor><domain id='7'><clock c='3'/>"
    "<devices d='4'><disk e='5'/><emulator>q</emulator></devices></domain></domstatus>",
    "<domainsnapshot><inactiveDomain><name>i</name></inactiveDomain><domain><name>n</name>"
    "</domain></domainsnapshot>",
    "<domstatus><domstatus><domain><clock a='1'/></domain></domstatus></domstatus>",
    "<domstatus><devices><disk a='1'/></devices></domstatus>",
    /* namespaces */
    "<x:domain xmlns:x='urn:x'><name>n</name><clock a='1'/></x:domain>",
    "<domain xmlns='urn:x'><name>n</name><devices><disk a='1'/></devices></domain>",
    "<domain xmlns:x='urn:x'><x:devices a='1'><hostdev/></x:devices>"
    "<devices x:a='1'><x:hostdev b='2'/><hostdev x:c='3'/></devices></domain>",
    "<domain><clock xmlns='urn:x'><name/></clock><name>n</name></domain>",
    /* a prefix without a namespace */
    "<x:domain><clock a='1'/></x:domain>",
    "<domain><x:name a='1'>m</x:name><devices><x:hostdev b='2'/></devices></domain>",
    /* all that is no element */
    "<?a b?><!--c--><domain>t<!--d--><?e f?><![CDATA[g]]>&lt;&#65;<name>n<!--o-->m</name>"
    "<clock>u<!--h--><?i j?><![CDATA[k]]>&amp;</clock><os>v<!--l--><type><![CDATA[w]]>"
    "</type></os><devices>x<emulator>&gt;<!--y--></emulator><disk>z</disk></devices>"
    "</domain><!--end-->",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (documents); i++) {
    g_test_message ("%s", documents[i]);
    assert_as_whole (documents[i], strlen (documents[i]));
  }
}

/* What stands where nobody asks is still looked at by libxml2. */
static void
test_not_well_formed (void)
{
  static const char *const documents[] = {
    "<domain><clock a='1' a='2'/></domain>",
    "<domain><clock><x></clock></domain>",
    "<domain><devices><disk>&none;</disk></devices></domain>",
    "<domain><devices><disk a='<'/></devices></domain>",
    "<domain><clock>]]></clock></domain>",
    "<domain><clock><!-- -- --></clock></domain>",
    "<domain><clock>\x01</clock></domain>",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (documents); i++) {
    g_autofree char *answer = describe_guest (documents[i], strlen (documents[i]));

    g_test_message ("%s: %s", documents[i], answer);
    g_assert_true (g_str_has_prefix (answer, "error malformed: XML line 1: "));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tree/files", test_files);
  g_test_add_func ("/tree/mistaken", test_mistaken);
  g_test_add_func ("/tree/not-well-formed", test_not_well_formed);
  return g_test_run ();
}
