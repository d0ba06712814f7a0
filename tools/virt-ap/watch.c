/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Puts the sources of news together; see watch.h.  libvirt is followed by the program
 * watch-libvirt, which is started again when the daemon it was connected to has gone.
 */
#include "config.h"

#include "watch.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "program.h"

#define PROGRAM "watch-libvirt"
/* between two attempts: twice as long each time, until one succeeds */
#define RETRY_MIN 1u
#define RETRY_MAX 16u

/* what is written where a definition, a rule or a guest's state changes */
static const char *const directories[] = {
  "/etc/mdevctl.d",    "/etc/mdevctl.d/matrix", "/etc/udev/rules.d",
  "/etc/libvirt/qemu", "/run/libvirt/qemu",     "/sys/devices/vfio_ap/matrix",
};

struct _Watch {
  char *root;
  char *uri;
  WatchFunc func;
  gpointer user_data;
  int udev;
  int inotify;
  guint udev_source;
  guint inotify_source;
  GPid child;
  int to_child; /* its end tells the child that nobody listens any more */
  int from_child;
  guint child_source;
  guint output_source;
  guint retry_source;
  guint retry_seconds;
  gboolean there;
};

static void
tell (Watch *watch, WatchNews news)
{
  watch->func (news, watch->user_data);
}

static gboolean
on_udev (gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
  if (udev_receive (fd))
    tell (user_data, WATCH_EVENT);
  return G_SOURCE_CONTINUE;
}

/* A directory that comes later is watched from its parent's news on: adding one that is
 * watched already changes nothing. */
static void
add_directories (Watch *watch)
{
  for (guint i = 0; i < G_N_ELEMENTS (directories); i++) {
    g_autofree char *path = g_strconcat (watch->root, directories[i], NULL);

    if (inotify_add_watch (watch->inotify, path,
                           IN_CREATE | IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM |
                               IN_MOVED_TO | IN_ONLYDIR) < 0)
      g_debug ("%s: %s", path, g_strerror (errno));
  }
}

static gboolean
on_inotify (gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
  char events[4096];
  gssize n;

  while ((n = read (fd, events, sizeof events)) > 0 || (n < 0 && errno == EINTR))
    continue;
  add_directories (user_data);
  tell (user_data, WATCH_EVENT);
  return G_SOURCE_CONTINUE;
}

static void start_child (Watch *watch);

static gboolean
on_retry (gpointer user_data)
{
  Watch *watch = user_data;

  watch->retry_source = 0;
  start_child (watch);
  return G_SOURCE_REMOVE;
}

static void
forget_child (Watch *watch)
{
  g_clear_handle_id (&watch->output_source, g_source_remove);
  if (watch->to_child >= 0)
    close (watch->to_child);
  if (watch->from_child >= 0)
    close (watch->from_child);
  watch->to_child = watch->from_child = -1;
}

static void
on_child_ended (GPid pid, gint status G_GNUC_UNUSED, gpointer user_data)
{
  Watch *watch = user_data;

  g_spawn_close_pid (pid);
  watch->child = 0;
  watch->child_source = 0;
  forget_child (watch);
  if (watch->there)
    tell (watch, WATCH_LIBVIRT_GONE);
  watch->there = FALSE;
  watch->retry_source = g_timeout_add_seconds (watch->retry_seconds, on_retry, watch);
  watch->retry_seconds = MIN (2 * watch->retry_seconds, RETRY_MAX);
}

/* watch-libvirt writes a byte when it is connected, and one for each event. */
static gboolean
on_output (gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
  Watch *watch = user_data;
  char bytes[512];
  gssize n = read (fd, bytes, sizeof bytes);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  if (n <= 0) {
    watch->output_source = 0;
    return G_SOURCE_REMOVE;
  }
  if (!watch->there)
    tell (watch, WATCH_LIBVIRT_THERE);
  watch->there = TRUE;
  watch->retry_seconds = RETRY_MIN;
  tell (watch, WATCH_EVENT);
  return G_SOURCE_CONTINUE;
}

static void
start_child (Watch *watch)
{
  g_autofree char *program = program_find (PROGRAM, NULL);
  char *arguments[] = { program, watch->uri, NULL };
  g_autoptr (GError) error = NULL;

  if (!g_spawn_async_with_pipes (NULL, arguments, NULL,
                                 G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL,
                                 NULL, NULL, &watch->child, &watch->to_child,
                                 &watch->from_child, NULL, &error)) {
    g_info ("%s", error->message);
    watch->to_child = watch->from_child = -1;
    return;
  }
  watch->child_source = g_child_watch_add (watch->child, on_child_ended, watch);
  watch->output_source =
      g_unix_fd_add (watch->from_child, G_IO_IN | G_IO_HUP, on_output, watch);
}

Watch *
watch_new (const char *root, const char *uri, WatchFunc func, gpointer user_data)
{
  Watch *watch = g_new0 (Watch, 1);

  watch->root = g_strdup (root != NULL ? root : "");
  watch->uri = g_strdup (uri);
  watch->func = func;
  watch->user_data = user_data;
  watch->to_child = watch->from_child = -1;
  watch->retry_seconds = RETRY_MIN;
  watch->udev = udev_open ();
  watch->inotify = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  if (watch->udev >= 0)
    watch->udev_source = g_unix_fd_add (watch->udev, G_IO_IN, on_udev, watch);
  if (watch->inotify >= 0) {
    add_directories (watch);
    watch->inotify_source = g_unix_fd_add (watch->inotify, G_IO_IN, on_inotify, watch);
  }
  if (uri != NULL)
    start_child (watch);
  return watch;
}

void
watch_free (Watch *watch)
{
  g_clear_handle_id (&watch->udev_source, g_source_remove);
  g_clear_handle_id (&watch->inotify_source, g_source_remove);
  g_clear_handle_id (&watch->child_source, g_source_remove);
  g_clear_handle_id (&watch->retry_source, g_source_remove);
  forget_child (watch);
  if (watch->child > 0)
    kill (watch->child, SIGTERM);
  if (watch->udev >= 0)
    close (watch->udev);
  if (watch->inotify >= 0)
    close (watch->inotify);
  g_free (watch->root);
  g_free (watch->uri);
  g_free (watch);
}
