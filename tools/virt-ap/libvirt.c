/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs ask-libvirt and waits for it, so long and no longer.
 */
#include "config.h"

#include "libvirt.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "ask-libvirt"

/* libvirtd or virtproxyd; virtqemud (libvirt src/remote/remote_sockets.c) */
static const char *const sockets[] = {
  "/run/libvirt/libvirt-sock",
  "/run/libvirt/virtqemud-sock",
};

const char *
libvirt_local_uri (GError **error)
{
  if (geteuid () != 0) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
                 _ ("as an ordinary user only with: --connect qemu:///system"));
    return NULL;
  }
  for (guint i = 0; i < G_N_ELEMENTS (sockets); i++) {
    if (g_file_test (sockets[i], G_FILE_TEST_EXISTS))
      return "qemu:///system";
  }
  g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
               _ ("no daemon is running: there is no '%s'"), sockets[0]);
  return NULL;
}

/* beside this program where it was built, or where it is installed */
static char *
find_program (void)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *dir = self != NULL ? g_path_get_dirname (self) : NULL;
  g_autofree char *beside = dir != NULL ? g_build_filename (dir, PROGRAM, NULL) : NULL;

  if (beside != NULL && g_file_test (beside, G_FILE_TEST_IS_EXECUTABLE))
    return g_steal_pointer (&beside);
  return g_build_filename (VAP_DOORS_DIR, PROGRAM, NULL);
}

typedef struct {
  GSubprocess *process;
  GMainLoop *loop;
  GBytes *out;
  GBytes *complaint;
  gboolean late;
} Wait;

static void
take_answer (GObject *process, GAsyncResult *result, gpointer user_data)
{
  Wait *wait = user_data;

  /* a failure leaves both NULL, which is no answer either */
  if (!g_subprocess_communicate_finish (G_SUBPROCESS (process), result, &wait->out,
                                        &wait->complaint, NULL))
    g_debug ("no answer from " PROGRAM);
  g_main_loop_quit (wait->loop);
}

static gboolean
give_up (gpointer user_data)
{
  Wait *wait = user_data;

  wait->late = TRUE;
  g_subprocess_force_exit (wait->process);
  return G_SOURCE_REMOVE;
}

static char *
bytes_text (GBytes *bytes)
{
  gsize length = 0;
  const char *text = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

  return text != NULL ? g_utf8_make_valid (text, (gssize) length) : g_strdup ("");
}

static VapRemote *
conclude (const Wait *wait, const char *uri, guint seconds, GError **error)
{
  g_autofree char *out = bytes_text (wait->out);
  g_autofree char *complaint = g_strstrip (bytes_text (wait->complaint));

  if (wait->late)
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("libvirt at '%s' did not answer within %u s"), uri, seconds);
  else if (!g_subprocess_get_successful (wait->process))
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("libvirt at '%s': %s"), uri,
                 *complaint != '\0' ? complaint : _ ("it ended without an answer"));
  else
    return vap_remote_parse (out, strlen (out), error);
  return NULL;
}

VapRemote *
libvirt_ask (const char *uri, guint seconds, GError **error)
{
  g_autofree char *program = find_program ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GSubprocess) process =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                        error, program, uri, NULL);
  Wait wait = { .process = process, .loop = loop };
  VapRemote *remote;
  guint timeout;

  if (process == NULL)
    return NULL;
  timeout = g_timeout_add_seconds (seconds, give_up, &wait);
  g_subprocess_communicate_async (process, NULL, NULL, take_answer, &wait);
  g_main_loop_run (loop);
  if (!wait.late)
    g_source_remove (timeout);
  remote = conclude (&wait, uri, seconds, error);
  g_clear_pointer (&wait.out, g_bytes_unref);
  g_clear_pointer (&wait.complaint, g_bytes_unref);
  return remote;
}
