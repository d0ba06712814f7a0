/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The programs that steps about devices and guests run: tell-libvirt, which talks to a
 * libvirt daemon, and mdevctl.
 */
#include "config.h"

#include "change/libvirt.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "change/device-steps.h"
#include "guest/device.h"
#include "guest/rewrite.h"

#define PROGRAM "tell-libvirt"
/* what it says instead of success when the daemon has no time */
#define BUSY "busy\n"

/* libvirtd waits a minute for udev to tell of a new device (node_device_driver.c,
 * nodeDeviceFindNewDevice()), and a callout for a lock as long as s390-tools does. */
#define PATIENCE_S 180u

/* libvirtd or virtproxyd; virtqemud (libvirt src/remote/remote_sockets.c) */
static const char *const sockets[] = {
  "/run/libvirt/libvirt-sock",
  "/run/libvirt/virtqemud-sock",
};

char *
vap_libvirt_program (const char *name)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *dir = self != NULL ? g_path_get_dirname (self) : NULL;
  g_autofree char *beside = dir != NULL ? g_build_filename (dir, name, NULL) : NULL;

  if (beside != NULL && g_file_test (beside, G_FILE_TEST_IS_EXECUTABLE))
    return g_steal_pointer (&beside);
  return g_build_filename (VAP_DOORS_DIR, name, NULL);
}

gboolean
vap_libvirt_tell (const VapStep *step, const char *connect, const char *operation,
                  const char *name, const char *document, GError **error)
{
  g_autofree char *program = vap_libvirt_program (PROGRAM);
  const char *const argv[] = { program, "--or-busy", connect, operation, name, NULL };
  g_autofree char *prefix = g_strconcat (program, ": ", NULL);
  g_autoptr (GError) reason = NULL;
  g_autofree char *output = NULL;
  const char *said;

  if (vap_step_run (step, argv, document, PATIENCE_S, &output, &reason)) {
    if (!g_str_equal (output, BUSY))
      return TRUE;
    g_set_error (error, VAP_ERROR, VAP_ERROR_BUSY,
                 _ ("libvirt at '%s' is too busy to answer"), connect);
    return FALSE;
  }
  /* the helper's own path is of no use to anyone */
  said = reason->message;
  if (g_str_has_prefix (said, prefix))
    said += strlen (prefix);
  g_set_error (error, reason->domain, reason->code, _ ("libvirt at '%s': %s"), connect,
               said);
  return FALSE;
}

static gboolean
listens_at (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  gboolean listens;

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  if (fd < 0)
    return FALSE;
  listens = connect (fd, (const struct sockaddr *) &address, sizeof address) == 0;
  close (fd);
  return listens;
}

gboolean
vap_libvirt_listens (const char *root)
{
  if (*root != '\0')
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (sockets); i++)
    if (listens_at (sockets[i]))
      return TRUE;
  return FALSE;
}

gboolean
vap_libvirt_or_mdevctl (const VapStep *step, const char *operation, const char *xml,
                        const char *subcommand, const char *json, GError **error)
{
  const char *connect = vap_step_get (step, "connect");
  const char *uuid = vap_step_get (step, "uuid");
  g_autofree char *name = xml == NULL ? vap_device_node_name (uuid) : NULL;
  g_autoptr (GError) reason = NULL;

  if (connect == NULL)
    return vap_mdevctl_run (step, subcommand, uuid, json, error);
  if (vap_libvirt_tell (step, connect, operation, name, xml, &reason))
    return TRUE;
  /* libvirt hears of what mdevctl does */
  if (g_error_matches (reason, VAP_ERROR, VAP_ERROR_BUSY))
    return vap_mdevctl_run (step, subcommand, uuid, json, error);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

gboolean
vap_mdevctl_run (const VapStep *step, const char *subcommand, const char *uuid,
                 const char *json, GError **error)
{
  g_autofree char *uuid_option = g_strconcat ("--uuid=", uuid, NULL);
  const char *argv[] = { "mdevctl", subcommand, uuid_option, NULL, NULL, NULL };

  if (json != NULL) {
    argv[3] = "--parent=" VAP_DEVICE_PARENT;
    argv[4] = "--jsonfile=/dev/stdin";
  }
  return vap_step_run (step, argv, json, PATIENCE_S, NULL, error);
}

/* XML on one line, without what a shell would need quoted twice */
static char *
on_one_line (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; *text == '<' && lines[i] != NULL; i++)
    g_strdelimit (g_strstrip (lines[i]), "'", '"');
  return g_strjoinv ("", lines);
}

char *
vap_shell_pipe (const char *text, const char *command)
{
  g_autofree char *line = on_one_line (text);
  g_autofree char *quoted = g_shell_quote (line);

  return g_strdup_printf ("echo %s | %s", quoted, command);
}

char *
vap_plug_command (const char *connect, const char *verb, const char *guest,
                  const char *device, const char *option)
{
  g_autofree char *word = g_shell_quote (guest);
  g_autofree char *xml = device != NULL ? vap_rewrite_device_xml (device) : NULL;
  g_autofree char *program =
      g_strdup_printf ("virsh -c %s %s %s /dev/stdin %s", connect, verb, word, option);

  return xml != NULL ? vap_shell_pipe (xml, program) : NULL;
}

gboolean
vap_connect_is_local (const char *uri)
{
  const char *host = strstr (uri, "://");

  return g_str_has_prefix (uri, "qemu") && host != NULL && host[3] == '/';
}
