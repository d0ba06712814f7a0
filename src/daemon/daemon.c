/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tell-libvirt run, and what it prints read; see daemon.h.
 */
#include "config.h"

#include "daemon/daemon.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/wait.h>

#include "run/run.h"

#define PROGRAM "tell-libvirt"

static void
guest_free (VapDaemonGuest *guest)
{
  g_free (guest->name);
  g_free (guest->uuid);
  g_clear_pointer (&guest->running, vap_guest_unref);
  g_clear_pointer (&guest->defined, vap_guest_unref);
  g_free (guest);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VapDaemonGuest, guest_free)

/* beside this program where it was built, or where it is installed */
static char *
find_program (void)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = self != NULL ? g_path_get_dirname (self) : NULL;
  const char *const beside[] = { "", "../../tools/virt-ap" };

  for (guint i = 0; folder != NULL && i < G_N_ELEMENTS (beside); i++) {
    g_autofree char *path = g_build_filename (folder, beside[i], PROGRAM, NULL);

    if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
      return g_steal_pointer (&path);
  }
  return g_build_filename (VAP_DOORS_DIR, PROGRAM, NULL);
}

/* of tell-libvirt: no such guest or device */
#define STATUS_NOT_THERE 3

static gboolean
was_not_there (const VapRun *run)
{
  return WIFEXITED (run->wait_status) &&
         WEXITSTATUS (run->wait_status) == STATUS_NOT_THERE;
}

/**
 * tell:
 * @name: (nullable): of what the operation is about
 * @document: (nullable): XML
 * @output: (out) (optional): what it printed
 * @may_be_gone: that there is no such thing is no error
 */
static gboolean
tell (const VapDaemon *daemon, const char *operation, const char *name,
      const char *document, gboolean may_be_gone, VapRun *output, GError **error)
{
  g_autofree char *program = find_program ();
  const char *const arguments[] = { program, daemon->uri, operation, name, NULL };
  g_auto (VapRun) own = { 0 };
  VapRun *run = output != NULL ? output : &own;

  if (!vap_run_keeping (arguments, document, document != NULL ? strlen (document) : 0,
                        VAP_DAEMON_PATIENCE_MS, daemon->kept, run, error))
    return FALSE;
  if (vap_run_was_good (run) || (may_be_gone && was_not_there (run)))
    return TRUE;
  if (run->late)
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("libvirt at '%s' did not answer within %u s"), daemon->uri,
                 VAP_DAEMON_PATIENCE_MS / 1000);
  else
    g_set_error (
        error, VAP_ERROR, VAP_ERROR_FAILED, _ ("libvirt at '%s': %s"), daemon->uri,
        *run->complaint != '\0' ? run->complaint : _ ("it ended without an answer"));
  return FALSE;
}

gboolean
vap_daemon_guest_has (const VapDaemonGuest *guest, const char *device)
{
  const VapGuest *const readings[] = { guest->running, guest->defined };

  for (guint i = 0; i < G_N_ELEMENTS (readings); i++)
    for (guint j = 0; readings[i] != NULL && j < readings[i]->devices->len; j++) {
      const VapGuestDevice *own = readings[i]->devices->pdata[j];

      if (g_strcmp0 (own->uuid, device) == 0)
        return TRUE;
    }
  return FALSE;
}

const VapDaemonGuest *
vap_daemon_find_guest (GPtrArray *guests, const char *uuid)
{
  for (guint i = 0; i < guests->len; i++) {
    const VapDaemonGuest *guest = guests->pdata[i];

    if (g_strcmp0 (guest->uuid, uuid) == 0)
      return guest;
  }
  return NULL;
}

static void
take_reading (GPtrArray *guests, VapGuest *reading, gboolean running)
{
  VapDaemonGuest *guest =
      (VapDaemonGuest *) vap_daemon_find_guest (guests, reading->uuid);
  VapGuest **place;

  if (guest == NULL) {
    guest = g_new0 (VapDaemonGuest, 1);
    guest->name = g_strdup (reading->name);
    guest->uuid = g_strdup (reading->uuid);
    g_ptr_array_add (guests, guest);
  }
  place = running ? &guest->running : &guest->defined;
  g_clear_pointer (place, vap_guest_unref);
  *place = reading;
}

/* "running 1234\n" or "defined 1234\n" at @at, which goes on behind it; FALSE when there
 * is none */
static gboolean
read_head (const char **at, const char *end, gboolean *running, gsize *length)
{
  const char *newline = memchr (*at, '\n', end - *at);
  const char *space = newline != NULL ? memchr (*at, ' ', newline - *at) : NULL;
  g_autofree char *digits = NULL;
  guint64 number;

  if (space == NULL)
    return FALSE;
  digits = g_strndup (space + 1, newline - space - 1);
  if (!g_ascii_string_to_unsigned (digits, 10, 0, end - newline - 1, &number, NULL))
    return FALSE;
  *running = g_str_has_prefix (*at, "running ");
  *length = number;
  *at = newline + 1;
  return TRUE;
}

GPtrArray *
vap_daemon_parse_guests (const char *text, gsize length, GError **error)
{
  g_autoptr (GPtrArray) guests =
      g_ptr_array_new_with_free_func ((GDestroyNotify) guest_free);
  const char *at = text;
  const char *end = text + length;

  while (at < end) {
    VapGuest *reading;
    gboolean running;
    gsize part;

    if (!read_head (&at, end, &running, &part)) {
      g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                   _ ("the list of libvirt's guests is broken"));
      return NULL;
    }
    reading = vap_guest_parse (at, part, error);
    if (reading == NULL)
      return NULL;
    take_reading (guests, reading, running);
    at += part;
  }
  return g_steal_pointer (&guests);
}

GPtrArray *
vap_daemon_guests (const VapDaemon *daemon, GError **error)
{
  g_auto (VapRun) run = { 0 };

  if (!tell (daemon, "guests", NULL, NULL, FALSE, &run, error))
    return NULL;
  return vap_daemon_parse_guests (run.out, run.out_length, error);
}

static void
add_attributes (GString *xml, const char *name, const VapMask *mask)
{
  VAP_MASK_FOREACH (mask, number)
    g_string_append_printf (xml, "    <attr name='%s' value='%d'/>\n", name, number);
}

char *
vap_daemon_device_xml (const char *uuid, const VapMatrix *matrix)
{
  GString *xml = g_string_new (NULL);

  g_string_printf (xml,
                   "<device>\n"
                   "  <parent>" VAP_DEVICE_PARENT_LIBVIRT "</parent>\n"
                   "  <capability type='mdev'>\n"
                   "    <type id='" VAP_DEVICE_TYPE "'/>\n"
                   "    <uuid>%s</uuid>\n",
                   uuid);
  add_attributes (xml, "assign_adapter", &matrix->adapters);
  add_attributes (xml, "assign_domain", &matrix->domains);
  add_attributes (xml, "assign_control_domain", &matrix->control_domains);
  g_string_append (xml, "  </capability>\n"
                        "</device>\n");
  return g_string_free (xml, FALSE);
}

/* libvirt's name of the node device (src/node_device/node_device_driver.c,
 * nodeDeviceGenerateName()) */
static char *
device_name (const char *uuid)
{
  char *name = g_strdup_printf ("mdev_%s_" VAP_DEVICE_PARENT, uuid);

  return g_strdelimit (name, "-", '_');
}

gboolean
vap_daemon_start_device (const VapDaemon *daemon, const char *uuid, GError **error)
{
  g_autofree char *name = device_name (uuid);

  return tell (daemon, "device-start", name, NULL, FALSE, NULL, error);
}

gboolean
vap_daemon_drop_device (const VapDaemon *daemon, const char *uuid, GError **error)
{
  g_autofree char *name = device_name (uuid);

  return tell (daemon, "device-stop", name, NULL, TRUE, NULL, error) &&
         tell (daemon, "device-undefine", name, NULL, TRUE, NULL, error);
}

gboolean
vap_daemon_make_device (const VapDaemon *daemon, const char *uuid,
                        const VapMatrix *matrix, GError **error)
{
  g_autofree char *name = device_name (uuid);
  g_autofree char *xml = vap_daemon_device_xml (uuid, matrix);
  g_autoptr (GError) reason = NULL;

  if (!tell (daemon, "device-define", NULL, xml, FALSE, NULL, error))
    return FALSE;
  if (tell (daemon, "device-autostart", name, NULL, FALSE, NULL, error) &&
      tell (daemon, "device-start", name, NULL, FALSE, NULL, error))
    return TRUE;
  if (!vap_daemon_drop_device (daemon, uuid, &reason))
    g_info ("%s", reason->message);
  return FALSE;
}
