/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The doors' places, each by the module that knows it; see setup.h. */
#include "config.h"

#include "setup/setup.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "ap/error.h"
#include "run/run.h"
#include "setup/files.h"
#include "setup/libvirt-conf.h"
#include "setup/link.h"

#define LIBVIRT "/etc/libvirt"
#define LIBVIRT_CONF LIBVIRT "/libvirt.conf"
#define HOOKS LIBVIRT "/hooks"
#define MDEVCTL_MS 10000u

static const char *const state_names[] = { "absent",   "active",  "changed", "broken",
                                           "shadowed", "foreign", "not-here" };
static const char *const part_names[] = { "default", "alias", "hook", "callout" };

static const VapLink hook_link = { HOOKS "/qemu.d", "virt-ap", "hook", NULL };
/* before ap-check, of s390-tools: the first that serves a type is the only one */
static const VapLink new_callout_link = { VAP_CALLOUTS_NEW, "00-virt-ap", "callout",
                                          "ap-check" };
static const VapLink old_callout_link = { VAP_CALLOUTS_OLD, "00-virt-ap", "callout",
                                          "ap-check" };

const char *
vap_part_state_to_string (VapPartState state)
{
  g_return_val_if_fail ((guint) state < VAP_N_PART_STATES, "broken");

  return state_names[state];
}

const char *
vap_part_to_string (VapPartId id)
{
  g_return_val_if_fail ((guint) id < VAP_N_PARTS, "default");

  return part_names[id];
}

char *
vap_setup_uri (const VapPlaces *places)
{
  return g_strdup_printf ("qemu+ext:///system?command=%s/gate", places->doors);
}

static gboolean
is_directory (const char *root, const char *path)
{
  g_autofree char *whole = g_strconcat (root, path, NULL);

  return g_file_test (whole, G_FILE_TEST_IS_DIR);
}

/* "mdevctl 1.2.0" */
static gboolean
is_old_version (const char *text)
{
  const char *number = strchr (text, ' ');
  char *minor = NULL;
  const guint64 major = number != NULL ? g_ascii_strtoull (number, &minor, 10) : 0;

  return major == 0 ||
         (major == 1 && *minor == '.' && g_ascii_strtoull (minor + 1, NULL, 10) < 3);
}

const char *
vap_setup_callouts (const char *root)
{
  static const char *const arguments[] = { "mdevctl", "--version", NULL };
  g_auto (VapRun) run = { 0 };

  if (*root == '\0') {
    if (!vap_run (arguments, NULL, 0, MDEVCTL_MS, &run, NULL) || !vap_run_was_good (&run))
      return NULL;
    return is_old_version (run.out) ? VAP_CALLOUTS_OLD : VAP_CALLOUTS_NEW;
  }
  if (is_directory (root, "/usr/lib/mdevctl/scripts.d"))
    return VAP_CALLOUTS_NEW;
  return is_directory (root, "/etc/mdevctl.d") ? VAP_CALLOUTS_OLD : NULL;
}

static const VapLink *
callout_link (const VapPlaces *places)
{
  return g_str_equal (places->callouts, VAP_CALLOUTS_NEW) ? &new_callout_link
                                                          : &old_callout_link;
}

static const VapLink *
other_callout_link (const VapPlaces *places)
{
  return places->callouts != NULL && g_str_equal (places->callouts, VAP_CALLOUTS_NEW)
             ? &old_callout_link
             : &new_callout_link;
}

static gboolean
has_gate (const VapPlaces *places)
{
  g_autofree char *gate = g_strconcat (places->root, places->doors, "/gate", NULL);

  return access (gate, X_OK) == 0;
}

static void
set_not_here (VapPart *part, const char *path, const char *what)
{
  part->state = VAP_PART_NOT_HERE;
  part->path = g_strdup (path);
  part->detail = g_strdup_printf (_ ("%s is not installed here"), what);
}

/* the lines are right, and what they name is not there */
static void
look_at_gate (const VapPlaces *places, VapPart *part)
{
  if (part->state != VAP_PART_ACTIVE || has_gate (places))
    return;
  part->state = VAP_PART_BROKEN;
  part->detail = g_strdup_printf (_ ("there is no program %s/gate"), places->doors);
}

static void
look_at_libvirt_conf (const VapPlaces *places, VapSetup *setup)
{
  VapPart *parts = setup->parts;
  g_autofree char *uri = vap_setup_uri (places);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = vap_setup_read (places->root, LIBVIRT_CONF, &error);

  for (guint i = VAP_PART_DEFAULT; i <= VAP_PART_ALIAS; i++) {
    parts[i].path = g_strdup (LIBVIRT_CONF);
    if (error == NULL)
      continue;
    parts[i].state = VAP_PART_BROKEN;
    parts[i].detail = g_strdup (error->message);
  }
  if (text == NULL)
    return;
  vap_libvirt_conf_look (LIBVIRT_CONF, text, uri, &parts[VAP_PART_DEFAULT],
                         &parts[VAP_PART_ALIAS]);
  look_at_gate (places, &parts[VAP_PART_DEFAULT]);
  look_at_gate (places, &parts[VAP_PART_ALIAS]);
}

static void
look_at_libvirt (const VapPlaces *places, VapSetup *setup)
{
  g_autofree char *single = g_strconcat (places->root, HOOKS "/qemu", NULL);

  if (!is_directory (places->root, LIBVIRT)) {
    set_not_here (&setup->parts[VAP_PART_DEFAULT], LIBVIRT_CONF, "libvirt");
    set_not_here (&setup->parts[VAP_PART_ALIAS], LIBVIRT_CONF, "libvirt");
    set_not_here (&setup->parts[VAP_PART_HOOK], HOOKS "/qemu.d/virt-ap", "libvirt");
    return;
  }
  look_at_libvirt_conf (places, setup);
  vap_link_look (places, &hook_link, &setup->parts[VAP_PART_HOOK], setup->others);
  if (g_file_test (single, G_FILE_TEST_EXISTS))
    g_ptr_array_add (setup->others, g_strdup (HOOKS "/qemu"));
}

/* A newer mdevctl reads its old directory too, but after the new one. */
static void
look_at_callouts (const VapPlaces *places, VapSetup *setup)
{
  VapPart *part = &setup->parts[VAP_PART_CALLOUT];
  VapPart other = { 0 };

  if (places->callouts == NULL) {
    set_not_here (part, VAP_CALLOUTS_OLD "/00-virt-ap", "mdevctl");
    return;
  }
  vap_link_look (places, callout_link (places), part, setup->others);
  vap_link_look (places, other_callout_link (places), &other, setup->others);
  if (part->state == VAP_PART_ABSENT && other.state != VAP_PART_ABSENT &&
      other.state != VAP_PART_FOREIGN) {
    part->state = VAP_PART_CHANGED;
    part->detail = g_strdup_printf (
        _ ("it is at %s, where another version of mdevctl looks first"), other.path);
  }
  g_free (other.path);
  g_free (other.detail);
}

VapSetup *
vap_setup_look (const VapPlaces *places)
{
  VapSetup *setup = g_new0 (VapSetup, 1);

  setup->others = g_ptr_array_new_with_free_func (g_free);
  look_at_libvirt (places, setup);
  look_at_callouts (places, setup);
  return setup;
}

void
vap_setup_free (VapSetup *setup)
{
  if (setup == NULL)
    return;

  for (guint i = 0; i < VAP_N_PARTS; i++) {
    g_free (setup->parts[i].path);
    g_free (setup->parts[i].detail);
  }
  g_ptr_array_unref (setup->others);
  g_free (setup);
}

static gboolean
enable_libvirt_conf (const VapPlaces *places, GError **error)
{
  g_autofree char *uri = vap_setup_uri (places);
  g_autoptr (GError) reason = NULL;
  g_autofree char *before = vap_setup_read (places->root, LIBVIRT_CONF, &reason);
  g_autofree char *after = NULL;

  if (reason == NULL)
    after = vap_libvirt_conf_enable (LIBVIRT_CONF, before, uri, &reason);
  if (after == NULL) {
    g_propagate_error (error, g_steal_pointer (&reason));
    return FALSE;
  }
  return g_strcmp0 (before, after) == 0 ||
         vap_setup_write (places->root, LIBVIRT_CONF, after, error);
}

static gboolean
disable_libvirt_conf (const VapPlaces *places, GError **error)
{
  g_autofree char *whole = g_strconcat (places->root, LIBVIRT_CONF, NULL);
  g_autoptr (GError) reason = NULL;
  g_autofree char *before = vap_setup_read (places->root, LIBVIRT_CONF, &reason);
  g_autofree char *after = NULL;
  gboolean own_file = FALSE;

  if (before == NULL && reason == NULL)
    return TRUE;
  if (before != NULL)
    after = vap_libvirt_conf_disable (LIBVIRT_CONF, before, &own_file, &reason);
  if (after == NULL) {
    g_propagate_error (error, g_steal_pointer (&reason));
    return FALSE;
  }
  if (own_file && g_unlink (whole) == 0)
    return TRUE;
  return g_str_equal (before, after) ||
         vap_setup_write (places->root, LIBVIRT_CONF, after, error);
}

/* One that fails does not keep the others from being done; the first error is told.
 * @doing: NULL so far, or that error */
static void
done (GError **doing, GError *error)
{
  if (*doing == NULL)
    *doing = error;
  else
    g_clear_error (&error);
}

#define DO(doing, function, ...)                                                         \
  do {                                                                                   \
    GError *reason = NULL;                                                               \
    if (!function (__VA_ARGS__, &reason))                                                \
      done (doing, reason);                                                              \
  } while (FALSE)

static gboolean
finish (GError *doing, GError **error)
{
  if (doing == NULL)
    return TRUE;
  g_propagate_error (error, doing);
  return FALSE;
}

/* virsh would stop working for everybody with a default that leads nowhere */
static gboolean
check_doors (const VapPlaces *places, GError **error)
{
  static const char *const programs[] = { "gate", "gate-judge", "callout", "hook" };

  for (guint i = 0; i < G_N_ELEMENTS (programs); i++) {
    g_autofree char *path =
        g_strconcat (places->root, places->doors, "/", programs[i], NULL);

    if (access (path, X_OK) != 0) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                   _ ("there is no program %s, so nothing is put in place"), path);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
vap_setup_enable (const VapPlaces *places, GError **error)
{
  GError *doing = NULL;

  if (!check_doors (places, error))
    return FALSE;
  if (is_directory (places->root, LIBVIRT)) {
    DO (&doing, enable_libvirt_conf, places);
    DO (&doing, vap_link_enable, places, &hook_link);
  }
  if (places->callouts != NULL) {
    DO (&doing, vap_link_enable, places, callout_link (places));
    DO (&doing, vap_link_disable, places, other_callout_link (places));
  }
  return finish (doing, error);
}

gboolean
vap_setup_disable (const VapPlaces *places, GError **error)
{
  GError *doing = NULL;

  DO (&doing, disable_libvirt_conf, places);
  DO (&doing, vap_link_disable, places, &hook_link);
  DO (&doing, vap_link_disable, places, &new_callout_link);
  DO (&doing, vap_link_disable, places, &old_callout_link);
  DO (&doing, vap_setup_remove_directories, places->root);
  return finish (doing, error);
}
