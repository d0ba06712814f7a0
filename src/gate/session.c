/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules are those of libvirt's src/util/virutil.c, virGetUserRuntimeDirectory(),
 * src/remote/remote_sockets.c, remoteGetUNIXSocket(), and src/rpc/virnetsocket.c,
 * virNetSocketForkDaemon(); its virt-ssh-helper, which stands where the gate stands,
 * follows them too.
 */
#include "config.h"

#include "gate/session.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long a daemon that nobody uses stays. */
#define TIMEOUT "--timeout=120"

/* whether @path is a directory that belongs to @user: in another's environment, as
 * after su(1), the place may be another's too */
static gboolean
is_own_directory (const char *path, uid_t user)
{
  struct stat status;

  return stat (path, &status) == 0 && S_ISDIR (status.st_mode) && status.st_uid == user;
}

/*
 * libvirt does not hand XDG_RUNTIME_DIR on to the command of the ext transport
 * (src/util/vircommand.c, virCommandAddEnvPassCommon()), so without it the place is
 * looked for where systemd has it.
 */
char *
vap_session_directory (uid_t user)
{
  const char *told = secure_getenv ("XDG_RUNTIME_DIR");
  g_autofree char *systemd = g_strdup_printf ("/run/user/%u", (guint) user);

  if (told != NULL && *told == '/' && is_own_directory (told, user))
    return g_build_filename (told, "libvirt", NULL);
  if (is_own_directory (systemd, user))
    return g_build_filename (systemd, "libvirt", NULL);
  return g_build_filename (g_get_user_cache_dir (), "libvirt", NULL);
}

char *
vap_session_program (const char *name)
{
  static const char *const places[] = { "/usr/sbin", "/usr/local/sbin", "/usr/bin" };

  if (g_str_equal (name, "libvirt"))
    name = "libvirtd";
  for (guint i = 0; i < G_N_ELEMENTS (places); i++) {
    g_autofree char *path = g_build_filename (places[i], name, NULL);

    if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
      return g_steal_pointer (&path);
  }
  return NULL;
}

/* In the child; only async-signal-safe calls.  A grandchild has no parent that would
 * have to wait for it, nor the client's connection. */
static G_NORETURN void
become_daemon (const char *program, char *const *environment)
{
  gint null = open ("/dev/null", O_RDWR | O_CLOEXEC);

  signal (SIGPIPE, SIG_DFL);
  signal (SIGCHLD, SIG_DFL);
  if (fork () != 0)
    _exit (0);
  if (setsid () < 0 || chdir ("/") != 0)
    _exit (126);
  for (gint fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (dup2 (null, fd) < 0)
      _exit (126);
  execle (program, program, TIMEOUT, NULL, environment);
  _exit (127);
}

void
vap_session_start (const char *program, const char *directory)
{
  g_auto (GStrv) environment = g_get_environ ();
  g_autofree char *runtime = g_path_get_dirname (directory);
  pid_t child;

  /* without it, libvirtd would listen below ~/.cache */
  if (g_str_has_prefix (runtime, "/run/"))
    environment = g_environ_setenv (environment, "XDG_RUNTIME_DIR", runtime, TRUE);
  child = fork ();
  if (child == 0)
    become_daemon (program, environment);
  if (child > 0)
    waitpid (child, NULL, 0);
}
