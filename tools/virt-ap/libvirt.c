/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs ask-libvirt and waits for it, so long and no longer.
 */
#include "config.h"

#include "libvirt.h"

#include <glib/gi18n.h>
#include <unistd.h>

#include "program.h"
#include "run/run.h"

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

VapRemote *
libvirt_ask (const char *uri, guint seconds, GError **error)
{
  g_autofree char *program = program_find (PROGRAM, NULL);
  const char *const arguments[] = { program, uri, NULL };
  g_auto (VapRun) run = { 0 };

  if (!vap_run (arguments, NULL, 0, seconds * 1000, &run, error))
    return NULL;
  if (vap_run_was_good (&run))
    return vap_remote_parse (run.out, run.out_length, error);
  if (run.late)
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED,
                 _ ("libvirt at '%s' did not answer within %u s"), uri, seconds);
  else
    g_set_error (error, VAP_ERROR, VAP_ERROR_FAILED, _ ("libvirt at '%s': %s"), uri,
                 *run.complaint != '\0' ? run.complaint
                                        : _ ("it ended without an answer"));
  return NULL;
}
