/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The step that gives a guest a new definition; see device-steps.h.  libvirt keeps a
 * definition in a file that it replaces in one piece, so that its texts are those of a
 * step about a file (file-step.c) and some more.  Back it goes through libvirt too; when
 * no daemon is there the file itself is brought back, which the next one reads.
 * Source: libvirt src/conf/domain_conf.c, virDomainDefSave(); src/qemu/qemu_conf.c
 * (configDir)
 */
#include "config.h"

#include "change/device-steps.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "change/libvirt.h"
#include "change/priv.h"
#include "change/steps.h"
#include "guest/guest.h"

#define DIRECTORY "/etc/libvirt/qemu/"

static char *
guest_path (const char *guest)
{
  return g_strconcat (DIRECTORY, guest, ".xml", NULL);
}

char *
vap_guest_definition_read (const char *root, const char *guest, GError **error)
{
  g_autofree char *path = guest_path (guest);
  g_autofree char *full = g_strconcat (root != NULL ? root : "", path, NULL);
  g_autoptr (GError) reason = NULL;
  char *xml = NULL;

  if (strchr (guest, '/') == NULL && g_file_get_contents (full, &xml, NULL, &reason))
    return xml;
  g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
               _ ("the definition of guest '%s' cannot be read: %s"), guest,
               reason != NULL ? reason->message : _ ("that is no name"));
  return NULL;
}

static char *
read_definition (const VapStep *step, GError **error)
{
  return vap_guest_definition_read (vap_step_root (step), vap_step_get (step, "guest"),
                                    error);
}

/* NULL for a text that is missing */
static char *
get_content (const VapStep *step, const char *key)
{
  const char *escaped = vap_step_get (step, key);

  return escaped != NULL ? g_strcompress (escaped) : NULL;
}

static VapGuest *
parse (const char *xml)
{
  return xml != NULL ? vap_guest_parse (xml, strlen (xml), NULL) : NULL;
}

static gboolean
has_feature (const VapGuest *guest, const VapCpuFeature *feature)
{
  const VapCpuFeature *own = vap_guest_feature (guest, feature->name);

  return own != NULL && own->policy == feature->policy;
}

/* libvirt writes a definition in its own words, so what is ours in it counts. */
static gboolean
same_crypto (const char *xml, const char *other)
{
  g_autoptr (VapGuest) a = parse (xml);
  g_autoptr (VapGuest) b = parse (other);

  if (a == NULL || b == NULL || a->devices->len != b->devices->len ||
      a->features->len != b->features->len || g_strcmp0 (a->name, b->name) != 0)
    return FALSE;
  for (guint i = 0; i < a->devices->len; i++) {
    const VapGuestDevice *device = g_ptr_array_index (a->devices, i);

    if (!vap_guest_has_device (b, device->uuid))
      return FALSE;
  }
  for (guint i = 0; i < a->features->len; i++)
    if (!has_feature (b, g_ptr_array_index (a->features, i)))
      return FALSE;
  return TRUE;
}

static VapStepState
compare (const VapStep *step, const char *now)
{
  g_autofree char *before = get_content (step, "before");
  g_autofree char *after = get_content (step, "content");

  if (g_strcmp0 (now, before) == 0)
    return VAP_STEP_BEFORE;
  return same_crypto (now, after) ? VAP_STEP_AFTER : VAP_STEP_BETWEEN;
}

static gboolean
prepare (VapStep *step, GError **error)
{
  if (!vap_file_kind.prepare (step, error))
    return FALSE;
  if (vap_step_get (step, "before") != NULL)
    return TRUE;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("guest '%s' is not defined any more"), vap_step_get (step, "guest"));
  return FALSE;
}

static gboolean
apply (const VapStep *step, GError **error)
{
  g_autofree char *content = get_content (step, "content");
  g_autofree char *before = read_definition (step, error);
  g_autofree char *now = NULL;

  if (before == NULL)
    return FALSE;
  if (compare (step, before) == VAP_STEP_AFTER)
    return TRUE;
  if (!vap_libvirt_tell (step, vap_step_get (step, "connect"), "guest-define", NULL,
                         content, error))
    return FALSE;
  now = read_definition (step, error);
  if (now == NULL || same_crypto (now, content))
    return now != NULL;
  g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
               _ ("the definition of guest '%s' is not what it was to become"),
               vap_step_get (step, "guest"));
  return FALSE;
}

/* A step about the same file that takes what is there now for its own. */
static VapStep *
file_step (const VapStep *step, const char *now, GError **error)
{
  g_autoptr (GVariant) texts = g_variant_ref_sink (vap_step_to_variant (step));
  g_autofree char *escaped = g_strescape (now, NULL);
  VapStep *file =
      vap_step_from_variant (vap_file_kind.name, texts, vap_step_root (step), error);

  if (file != NULL)
    vap_step_set (file, "content", escaped);
  return file;
}

static gboolean
restore (const VapStep *step, const char *now, GError **error)
{
  g_autofree char *before = get_content (step, "before");
  g_autoptr (GError) reason = NULL;
  g_autoptr (VapStep) file = NULL;

  if (vap_libvirt_tell (step, vap_step_get (step, "connect"), "guest-define", NULL,
                        before, &reason))
    return TRUE;
  /* while a daemon runs, the file alone would not change what it knows */
  if (vap_libvirt_listens (vap_step_root (step))) {
    g_propagate_error (error, g_steal_pointer (&reason));
    return FALSE;
  }
  file = file_step (step, now, error);
  return file != NULL && vap_file_kind.revert (file, error);
}

static gboolean
revert (const VapStep *step, GError **error)
{
  g_autofree char *now = read_definition (step, error);

  if (now == NULL)
    return FALSE;
  switch (compare (step, now)) {
  case VAP_STEP_BEFORE:
    return TRUE;
  case VAP_STEP_AFTER:
    return restore (step, now, error);
  case VAP_STEP_BETWEEN:
  default:
    g_set_error (
        error, VAP_ERROR, VAP_ERROR_FAILED,
        _ ("the definition of guest '%s' has been changed by someone else since, "
           "so it is left alone"),
        vap_step_get (step, "guest"));
    return FALSE;
  }
}

static gboolean
look (const VapStep *step, VapStepState *state, GError **error)
{
  g_autofree char *now = read_definition (step, error);

  if (now == NULL)
    return FALSE;
  *state = compare (step, now);
  return TRUE;
}

static char *
describe (const VapStep *step)
{
  const char *guest = vap_step_get (step, "guest");
  const char *device = vap_step_get (step, "device");
  const char *old = vap_step_get (step, "old");
  const char *features = vap_step_get (step, "features");

  if (device == NULL)
    return g_strdup_printf (_ ("Take device %s out of the definition of guest '%s'"), old,
                            guest);
  if (old != NULL)
    return g_strdup_printf (
        _ ("Put device %s in the place of %s into the definition of guest '%s'"), device,
        old, guest);
  if (features == NULL)
    return g_strdup_printf (_ ("Put device %s into the definition of guest '%s'"), device,
                            guest);
  return g_strdup_printf (
      _ ("Put device %s and the CPU features %s into the definition of guest '%s'"),
      device, features, guest);
}

static char *
command (const VapStep *step)
{
  const char *connect = vap_step_get (step, "connect");
  const char *features = vap_step_get (step, "features");
  const char *guest = vap_step_get (step, "guest");
  g_autofree char *word = g_shell_quote (guest);
  g_autofree char *detach = vap_plug_command (connect, "detach-device", guest,
                                              vap_step_get (step, "old"), "--config");
  g_autofree char *attach = vap_plug_command (connect, "attach-device", guest,
                                              vap_step_get (step, "device"), "--config");
  g_auto (GStrv) names = features != NULL ? g_strsplit (features, ", ", -1) : NULL;
  g_autofree char *demands = names != NULL ? g_strjoinv (",require=", names) : NULL;
  g_autofree char *edit =
      demands != NULL ? g_strdup_printf ("virt-xml -c %s %s --edit --cpu require=%s",
                                         connect, word, demands)
                      : NULL;
  const char *all[] = { edit, detach, attach };
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i] != NULL)
      g_string_append_printf (text, "%s%s", text->len > 0 ? " && " : "", all[i]);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

const VapStepKind vap_guest_kind = {
  .name = "guest",
  .flags = VAP_STEP_PROGRAM,
  .prepare = prepare,
  .apply = apply,
  .revert = revert,
  .look = look,
  .describe = describe,
  .command = command,
};

VapStep *
vap_guest_step_new (const char *guest, const char *xml, const char *device,
                    const char *features, const char *connect)
{
  return vap_guest_replace_step_new (guest, xml, NULL, device, features, connect);
}

VapStep *
vap_guest_replace_step_new (const char *guest, const char *xml, const char *old,
                            const char *device, const char *features, const char *connect)
{
  g_autofree char *path = guest_path (guest);
  g_autoptr (VapStep) file = vap_file_step_new (path, xml, 0600);

  return vap_step_new (&vap_guest_kind, "guest", guest, "path", path, "content",
                       vap_step_get (file, "content"), "mode",
                       vap_step_get (file, "mode"), "device", device, "old", old,
                       "features", features, "connect", connect, NULL);
}
