/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The step that changes apmask or aqmask; see steps.h.  Each write has all 256 bits,
 * since an empty one would clear the mask, and is read back, since a short one means
 * something else than it looks like.
 * Source: Linux drivers/s390/crypto/ap_bus.c, apmask_store(), apmask_commit()
 */
#include "config.h"

#include "change/steps.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

#include "change/priv.h"

#define AP_BUS "/sys/bus/ap/"

/* all digits of a mask */
#define DIGITS (VAP_MASK_BITS / 4)

static const struct {
  const char *name;
  guint width; /* digits of a number, as AP tools show it */
} masks[] = {
  [VAP_APMASK] = { "apmask", 2 },
  [VAP_AQMASK] = { "aqmask", 4 },
};

/* Why the kernel refuses. */
static const struct {
  int number;
  const char *sentence;
} refusals[] = {
  { EBUSY, N_ ("the kernel refuses to change %s while a matrix holds a queue of it") },
  { EADDRINUSE, N_ ("the kernel refuses to change %s while a matrix holds a queue of "
                    "it") },
  { EINVAL, N_ ("the kernel refuses to change %s while a queue has a driver_override") },
};

static guint
mask_width (const VapStep *step)
{
  return g_str_equal (vap_step_get (step, "mask"), masks[VAP_APMASK].name)
             ? masks[VAP_APMASK].width
             : masks[VAP_AQMASK].width;
}

static char *
mask_path (const VapStep *step)
{
  return g_strconcat (AP_BUS, vap_step_get (step, "mask"), NULL);
}

/* FALSE also when the step has no such mask */
static gboolean
get_mask (const VapStep *step, const char *key, VapMask *mask, GError **error)
{
  const char *text = vap_step_get (step, key);

  return vap_mask_parse (text != NULL ? text : "", DIGITS, mask, error);
}

static void
set_mask (VapStep *step, const char *key, const VapMask *mask)
{
  char text[VAP_MASK_TEXT_SIZE];

  vap_mask_format (mask, text);
  vap_step_set (step, key, text);
}

static gboolean
read_mask (const VapStep *step, VapMask *mask, GError **error)
{
  g_autofree char *path = mask_path (step);
  g_autofree char *text = NULL;

  if (!vap_attr_read (vap_step_root (step), path, &text, error))
    return FALSE;
  if (text != NULL)
    return vap_mask_parse (text, DIGITS, mask, error);
  g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
               _ ("there is no '%s': no AP bus, or it is gone"), path);
  return FALSE;
}

static gboolean
fail_write (const VapStep *step, int number, GError *reason, GError **error)
{
  g_autoptr (GError) owned = reason;

  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++) {
    if (refusals[i].number != number)
      continue;
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ (refusals[i].sentence),
                 vap_step_get (step, "mask"));
    return FALSE;
  }
  g_propagate_error (error, g_steal_pointer (&owned));
  return FALSE;
}

static gboolean
write_mask (const VapStep *step, const VapMask *wanted, GError **error)
{
  g_autofree char *path = mask_path (step);
  char text[VAP_MASK_TEXT_SIZE];
  GError *reason = NULL;
  VapMask now;
  int number;

  vap_mask_format (wanted, text);
  if (!vap_attr_write (vap_step_root (step), path, text, &number, &reason))
    return fail_write (step, number, reason, error);
  if (!read_mask (step, &now, error))
    return FALSE;
  if (vap_mask_equal (&now, wanted))
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("'%s' is not what was written to it"), path);
  return FALSE;
}

/* what differs between before and after, as prepare found it */
static gboolean
get_changed (const VapStep *step, VapMask *before, VapMask *changed, GError **error)
{
  VapMask after, gained, lost;

  if (!get_mask (step, "before", before, error) ||
      !get_mask (step, "after", &after, error))
    return FALSE;
  gained = vap_mask_minus (&after, before);
  lost = vap_mask_minus (before, &after);
  *changed = vap_mask_or (&gained, &lost);
  return TRUE;
}

static gboolean
wanted_mask (const VapStep *step, const VapMask *now, VapMask *wanted, GError **error)
{
  VapMask set, clear;

  if (!get_mask (step, "set", &set, error) || !get_mask (step, "clear", &clear, error))
    return FALSE;
  *wanted = vap_mask_minus (now, &clear);
  *wanted = vap_mask_or (wanted, &set);
  return TRUE;
}

static gboolean
prepare (VapStep *step, GError **error)
{
  VapMask before, after;

  if (!read_mask (step, &before, error) || !wanted_mask (step, &before, &after, error))
    return FALSE;
  set_mask (step, "before", &before);
  set_mask (step, "after", &after);
  return TRUE;
}

static gboolean
apply (const VapStep *step, GError **error)
{
  VapMask now, wanted;

  if (!read_mask (step, &now, error) || !wanted_mask (step, &now, &wanted, error))
    return FALSE;
  return vap_mask_equal (&now, &wanted) || write_mask (step, &wanted, error);
}

static gboolean
revert (const VapStep *step, GError **error)
{
  VapMask now, before, changed, others, wanted;

  if (!read_mask (step, &now, error) || !get_changed (step, &before, &changed, error))
    return FALSE;
  others = vap_mask_minus (&now, &changed);
  wanted = vap_mask_and (&before, &changed);
  wanted = vap_mask_or (&wanted, &others);
  return vap_mask_equal (&now, &wanted) || write_mask (step, &wanted, error);
}

static gboolean
look (const VapStep *step, VapStepState *state, GError **error)
{
  VapMask now, before, changed, differing;

  if (!read_mask (step, &now, error) || !get_changed (step, &before, &changed, error))
    return FALSE;
  now = vap_mask_and (&now, &changed);
  before = vap_mask_and (&before, &changed);
  differing = vap_mask_minus (&changed, &now);
  if (vap_mask_equal (&now, &before))
    *state = VAP_STEP_BEFORE;
  else if (vap_mask_equal (&differing, &before))
    *state = VAP_STEP_AFTER;
  else
    *state = VAP_STEP_BETWEEN;
  return TRUE;
}

static char *
describe (const VapStep *step)
{
  const char *name = vap_step_get (step, "mask");
  VapMask set = { { 0 } }, clear = { { 0 } };
  g_autofree char *to_set = NULL;
  g_autofree char *to_clear = NULL;

  if (!get_mask (step, "set", &set, NULL) || !get_mask (step, "clear", &clear, NULL))
    return g_strdup_printf (_ ("Change %s"), name);
  to_set = vap_mask_to_list (&set, mask_width (step));
  to_clear = vap_mask_to_list (&clear, mask_width (step));
  if (vap_mask_is_empty (&clear))
    return g_strdup_printf (_ ("Set in %s: %s"), name, to_set);
  if (vap_mask_is_empty (&set))
    return g_strdup_printf (_ ("Clear in %s: %s"), name, to_clear);
  return g_strdup_printf (_ ("Set in %s: %s; clear: %s"), name, to_set, to_clear);
}

static void
add_changes (GString *text, char sign, const VapMask *mask)
{
  VAP_MASK_FOREACH (mask, bit) {
    gint last = bit;

    if (bit > 0 && vap_mask_test (mask, (guint) bit - 1))
      continue; /* it is in the range before */
    while (vap_mask_test (mask, (guint) last + 1))
      last++;
    g_string_append_printf (text, text->len > 0 ? ",%c0x%x" : "%c0x%x", sign, bit);
    if (last > bit)
      g_string_append_printf (text, "-0x%x", last);
  }
}

static char *
command (const VapStep *step)
{
  g_autoptr (GString) changes = g_string_new (NULL);
  VapMask set, clear;

  if (!get_mask (step, "set", &set, NULL) || !get_mask (step, "clear", &clear, NULL))
    return NULL;
  add_changes (changes, '+', &set);
  add_changes (changes, '-', &clear);
  return g_strdup_printf ("echo %s > " AP_BUS "%s", changes->str,
                          vap_step_get (step, "mask"));
}

const VapStepKind vap_mask_kind = {
  .name = "mask",
  .prepare = prepare,
  .apply = apply,
  .revert = revert,
  .look = look,
  .describe = describe,
  .command = command,
};

VapStep *
vap_mask_step_new (VapMaskName name, const VapMask *set, const VapMask *clear)
{
  VapStep *step = vap_step_new (&vap_mask_kind, "mask", masks[name].name, NULL);

  set_mask (step, "set", set);
  set_mask (step, "clear", clear);
  return step;
}
