/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chooses the daemon's socket.  The rule is that of libvirt's src/remote/
 * remote_sockets.c, remoteGetURIDaemonInfo() and remoteGetUNIXSocket(): a user's
 * session URI means the user's own daemons; the daemon of the driver (virtqemud)
 * is preferred when its socket is there, else it is libvirtd's.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "ap/error.h"
#include "gate/backend.h"

#define SYSTEM_DIR "/run/libvirt"

/* the driver's name is the scheme: "qemu" of "qemu:///session"; NULL without one */
static char *
uri_driver (const char *uri)
{
  g_autofree char *scheme = uri != NULL ? g_uri_parse_scheme (uri) : NULL;

  if (scheme != NULL)
    scheme[strcspn (scheme, "+")] = '\0';
  return g_steal_pointer (&scheme);
}

static gboolean
is_session (const char *uri, uid_t user)
{
  if (uri == NULL || user == 0)
    return FALSE;

  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_NON_DNS, NULL);
  return parsed != NULL && (g_str_equal (g_uri_get_path (parsed), "/session") ||
                            g_str_has_prefix (g_uri_get_scheme (parsed), "test+"));
}

/*
 * libvirt does not hand XDG_RUNTIME_DIR on to the command of the ext transport
 * (src/util/vircommand.c, virCommandAddEnvPassCommon()), so without it the place is
 * looked for where systemd has it.
 */
static char *
session_dir (uid_t user)
{
  g_autofree char *systemd = g_strdup_printf ("/run/user/%u", (guint) user);

  if (g_getenv ("XDG_RUNTIME_DIR") == NULL && g_file_test (systemd, G_FILE_TEST_IS_DIR))
    return g_build_filename (systemd, "libvirt", NULL);
  return g_build_filename (g_get_user_runtime_dir (), "libvirt", NULL);
}

char *
vap_backend_socket (const char *uri, gboolean read_only, uid_t user)
{
  gboolean session = is_session (uri, user);
  g_autofree char *directory = session ? session_dir (user) : g_strdup (SYSTEM_DIR);
  const char *suffix = read_only && !session ? "sock-ro" : "sock";
  g_autofree char *driver = uri_driver (uri);

  if (driver != NULL) {
    g_autofree char *path = g_strdup_printf ("%s/virt%sd-%s", directory, driver, suffix);

    if (g_file_test (path, G_FILE_TEST_EXISTS))
      return g_steal_pointer (&path);
  }
  return g_strdup_printf ("%s/libvirt-%s", directory, suffix);
}

gint
vap_backend_connect (const char *path, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  if (strlen (path) >= sizeof address.sun_path) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_TOO_LARGE,
                 _ ("the path of the libvirt socket '%s' is too long"), path);
    return -1;
  }
  strcpy (address.sun_path, path);

  gint fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect (fd, (struct sockaddr *) &address, sizeof address) == 0)
    return fd;

  g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
               _ ("failed to connect to the libvirt socket '%s': %s"), path,
               g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return -1;
}
