/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * UUIDs as the kernel and as libvirt read them; used by guest/'s readers, host/
 * and the doors.
 */
#include "guest/uuid.h"

#include <string.h>

#include "guest/device.h"

#define UUID_BYTES 16u
#define UUID_LENGTH 36u

static gboolean
has_dash_at (gsize position)
{
  return position == 8 || position == 13 || position == 18 || position == 23;
}

gboolean
vap_uuid_canonical (const char *text, char uuid[37])
{
  if (text == NULL || strlen (text) != UUID_LENGTH)
    return FALSE;

  for (gsize i = 0; i < UUID_LENGTH; i++)
    if (has_dash_at (i) ? text[i] != '-' : !g_ascii_isxdigit (text[i]))
      return FALSE;
  /* the bit that makes a letter small is set in a digit and in '-' anyway */
  for (gsize i = 0; i < UUID_LENGTH; i++)
    uuid[i] = (char) (text[i] | 0x20);
  uuid[UUID_LENGTH] = '\0';
  return TRUE;
}

gboolean
vap_uuid_canonical_libvirt (const char *text, char uuid[37])
{
  char digits[2 * UUID_BYTES];
  gsize n = 0;

  if (text == NULL)
    return FALSE;
  while (g_ascii_isspace (*text))
    text++;

  for (; n < sizeof digits; text++) {
    /* '-' and ' ' may stand between two pairs of digits, not in one */
    if (n % 2 == 0 && (*text == '-' || *text == ' '))
      continue;
    if (!g_ascii_isxdigit (*text))
      return FALSE;
    digits[n++] = g_ascii_tolower (*text);
  }
  for (; *text != '\0'; text++)
    if (!g_ascii_isspace (*text))
      return FALSE;

  n = 0;
  for (gsize i = 0; i < UUID_LENGTH; i++)
    uuid[i] = has_dash_at (i) ? '-' : digits[n++];
  uuid[UUID_LENGTH] = '\0';
  return TRUE;
}

char *
vap_uuid_keep (const char *text)
{
  char uuid[UUID_LENGTH + 1];

  return g_strdup (vap_uuid_canonical_libvirt (text, uuid) ? uuid : text);
}

#define GRANTED_PREFIX "76617067-"
#define UUID_LENGTH 36u
#define VERSION_PLACE 14u

void
vap_uuid_name_granted (char uuid[37])
{
  g_autofree char *random = g_uuid_string_random ();

  g_strlcpy (uuid, random, UUID_LENGTH + 1);
  memcpy (uuid, GRANTED_PREFIX, strlen (GRANTED_PREFIX));
  uuid[VERSION_PLACE] = '8';
}

gboolean
vap_uuid_is_granted (const char *uuid)
{
  return strlen (uuid) == UUID_LENGTH && g_str_has_prefix (uuid, GRANTED_PREFIX) &&
         uuid[VERSION_PLACE] == '8';
}
