/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks for the bytes without which nothing can concern AP, and for those by which XML
 * says other bytes than it has: references to characters, declared entities, encodings.
 * (XML 1.0, 4.1 Character and Entity References, 4.3.3 Character Encoding; the five
 * entities that need no declaration stand for no letter.)
 */
#include "config.h"

#include "ap/glance.h"

#include <string.h>

static const char *const signs[] = {
  /* type='mdev': of a guest's device, of a node device */
  "mdev",
  /* a CPU feature: ap, apqci and so on; what begins like them is for the judge to know */
  "'ap",
  "\"ap",
  /* OpenStack Nova's metadata: a flavor may ask for a device, guest/nova.h */
  "openstack.org/xmlns/libvirt/nova/",
  /* the namespace of the metadata, guest/guest.h: VAP_METADATA_NS */
  "virt-ap",
  /* &#97; */
  "&#",
  /* <!DOCTYPE */
  "<!D",
  /* <?xml version='1.0' encoding='…'?> */
  "encoding",
  /* "<?xm" in EBCDIC, which needs no declaration */
  "\x4c\x6f\xa7\x94",
};

gboolean
vap_glance_may_concern_ap (const guint8 *bytes, gsize length)
{
  if (length > VAP_GLANCE_MAX)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (signs); i++)
    if (memmem (bytes, length, signs[i], strlen (signs[i])) != NULL)
      return TRUE;
  return FALSE;
}
