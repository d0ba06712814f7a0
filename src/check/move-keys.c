/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two texts of mkvps, register by register; see move-keys.h. */
#include "config.h"

#include "check/move-keys.h"

#include <string.h>

#define CURRENT " CUR: "

/* "AES CUR: valid 0x1122" is "AES", "valid 0x1122" */
typedef struct {
  const char *name;
  gsize name_length;
  const char *value;
  gsize value_length;
} Register;

/* The next register with a current key from @text on, which is moved behind it. */
static gboolean
next_register (const char **text, Register *found)
{
  while (**text != '\0') {
    const char *line = *text;
    gsize length = strcspn (line, "\n");
    const char *mark = g_strstr_len (line, (gssize) length, CURRENT);

    *text = line + length + (line[length] == '\n');
    if (mark == NULL)
      continue;
    found->name = line;
    found->name_length = (gsize) (mark - line);
    found->value = mark + strlen (CURRENT);
    found->value_length = length - (gsize) (found->value - line);
    while (found->value_length > 0 &&
           g_ascii_isspace (found->value[found->value_length - 1]))
      found->value_length--;
    return TRUE;
  }
  return FALSE;
}

static gboolean
find_register (const char *text, const Register *wanted, Register *found)
{
  while (next_register (&text, found))
    if (found->name_length == wanted->name_length &&
        memcmp (found->name, wanted->name, wanted->name_length) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
has_state (const Register *reg, const char *state)
{
  return reg->value_length >= strlen (state) &&
         memcmp (reg->value, state, strlen (state)) == 0;
}

static VapKeysMatch
compare_register (const Register *ours, const char *text)
{
  Register theirs;

  if (has_state (ours, "invalid"))
    return VAP_KEYS_SAME;
  if (!has_state (ours, "valid") || !find_register (text, ours, &theirs) ||
      has_state (&theirs, "-"))
    return VAP_KEYS_UNKNOWN;
  return theirs.value_length == ours->value_length &&
                 memcmp (theirs.value, ours->value, ours->value_length) == 0
             ? VAP_KEYS_SAME
             : VAP_KEYS_DIFFER;
}

VapKeysMatch
vap_keys_compare (const char *ours, const char *theirs, char **name)
{
  const char *rest = ours;
  VapKeysMatch match = VAP_KEYS_SAME;
  gboolean any = FALSE;
  Register reg;

  if (ours == NULL || theirs == NULL)
    return VAP_KEYS_UNKNOWN;
  while (next_register (&rest, &reg)) {
    VapKeysMatch one = compare_register (&reg, theirs);

    any = TRUE;
    match = MAX (match, one);
    if (one != VAP_KEYS_DIFFER)
      continue;
    if (name != NULL)
      *name = g_strdup_printf ("%.*s CUR", (gint) reg.name_length, reg.name);
    return VAP_KEYS_DIFFER;
  }
  /* an older zcrypt here may not tell a register that is in use all the same */
  for (rest = theirs; next_register (&rest, &reg);) {
    Register own;

    if (!find_register (ours, &reg, &own))
      match = MAX (match, VAP_KEYS_UNKNOWN);
  }
  return any ? match : VAP_KEYS_UNKNOWN;
}
