/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "libvirt.h"

#include "idle-kernel.h"
#include "mounts.h"
#include "namespace.h"

#include <glib/gi18n.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define LIBVIRTD_SOCKET "/run/libvirt/libvirt-sock"
#define VIRTLOGD_SOCKET "/run/libvirt/virtlogd-sock"

/* the low word of a system call's argument, as a filter addresses it */
#define LOW_WORD(n)                                                                      \
  (offsetof (struct seccomp_data, args) + (n) * sizeof (guint64) +                       \
   (G_BYTE_ORDER == G_BIG_ENDIAN ? sizeof (guint32) : 0))

#ifdef __NR_setgroups32
#define SETGROUPS __NR_setgroups32
#else
#define SETGROUPS __NR_setgroups
#endif
/* Not the largest number: a tracer, as strace is, puts that in the place of a call that is
 * not to be carried out. */
#define NO_CALL 0x7fffffff

/* Messages go to the log only; the UUID is given because there is no DMI to ask. */
static const char libvirtd_conf[] = "auth_unix_ro = \"none\"\n"
                                    "auth_unix_rw = \"none\"\n"
                                    "host_uuid = \"%s\"\n"
                                    "log_outputs = \"3:stderr\"\n";

/* In the lab's namespaces there are no cgroups, no security modules, and no other
 * user to give things to; a mount namespace for each guest would hide /dev/vfio. */
static const char qemu_conf[] = "user = \"root\"\n"
                                "group = \"root\"\n"
                                "dynamic_ownership = 0\n"
                                "remember_owner = 0\n"
                                "security_driver = \"none\"\n"
                                "namespaces = []\n"
                                "cgroup_controllers = []\n";

char *
lab_libvirt_find_daemon (const char *name, GError **error)
{
  /* sbin is often missing from a user's PATH */
  g_autofree char *sbin = g_build_filename ("/usr/sbin", name, NULL);
  char *path = g_find_program_in_path (name);

  if (path == NULL && g_file_test (sbin, G_FILE_TEST_IS_EXECUTABLE))
    path = g_steal_pointer (&sbin);
  if (path == NULL)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                 _ ("--libvirt: there is no program %s here"), name);
  return path;
}

/* not executable any more, which is as good as not there */
static gboolean
hide_program (const char *path, GError **error)
{
  return !g_file_test (path, G_FILE_TEST_IS_EXECUTABLE) ||
         lab_mount_bind ("/dev/null", path, error);
}

/*
 * libvirtd starts every emulator it finds to learn what it can do, a third of a
 * second each.  Those that a Z host would not have are hidden.
 */
static gboolean
hide_emulators (GError **error)
{
  const char *folder = "/usr/bin";
  g_autoptr (GDir) dir = g_dir_open (folder, 0, error);
  const char *name;

  if (dir == NULL)
    return FALSE;
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);

    if (g_str_has_prefix (name, "qemu-system-") &&
        strcmp (name, "qemu-system-s390x") != 0 &&
        strcmp (name, "qemu-system-x86_64") != 0 &&
        !g_file_test (path, G_FILE_TEST_IS_SYMLINK) && !hide_program (path, error))
      return FALSE;
  }
  return TRUE;
}

/* QEMU looks for its firmware and modules from the folder that it lies in. */
static gboolean
link_real_prefix (GError **error)
{
  static const char *const folders[] = { "share", "lib", "lib64", "libexec" };

  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++) {
    g_autofree char *target = g_build_filename ("/usr", folders[i], NULL);
    g_autofree char *link = g_build_filename (LAB_REAL_PREFIX, folders[i], NULL);

    if (!lab_make_link (target, link, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
replace_emulator (const LabOptions *options, GError **error)
{
  return !g_file_test (LAB_EMULATOR, G_FILE_TEST_IS_EXECUTABLE) ||
         (lab_make_directory (LAB_REAL_PREFIX "/bin", 0755, error) &&
          link_real_prefix (error) &&
          lab_write_file (LAB_REAL_EMULATOR, "", 0755, error) &&
          lab_mount_bind (LAB_EMULATOR, LAB_REAL_EMULATOR, error) &&
          lab_mount_bind (options->emulator, LAB_EMULATOR, error));
}

/*
 * libvirt raises the limit of locked memory for a guest with a mediated device, which
 * not every root may (it takes CAP_SYS_RESOURCE), and which an emulated guest does not
 * need.  There, the call succeeds for libvirtd without doing anything.  So does the one
 * that sets the groups of an emulator, where a user namespace has none to set.
 */
gboolean
lab_libvirt_spare_privileges (void)
{
  gboolean own_users = lab_namespace_has_own_users ();
  struct sock_filter filter[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, own_users ? SETGROUPS : NO_CALL, 5, 0),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, __NR_prlimit64, 0, 5),
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, LOW_WORD (1)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, RLIMIT_MEMLOCK, 0, 3),
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, LOW_WORD (2)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), /* no new limit: a question */
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = { .len = G_N_ELEMENTS (filter), .filter = filter };

  return (!own_users && prctl (PR_CAPBSET_READ, CAP_SYS_RESOURCE) == 1) ||
         prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* A guest can only move between hosts of different UUIDs, so each kept lab has its own,
 * always the same one. */
static char *
make_host_uuid (const char *name)
{
  g_autofree char *digits = NULL;

  if (name == NULL)
    return g_strdup ("76617000-0000-4000-8000-000000003931");
  digits = g_compute_checksum_for_string (G_CHECKSUM_SHA1, name, -1);
  return g_strdup_printf ("%.8s-%.4s-5%.3s-8%.3s-%.12s", digits, digits + 8, digits + 12,
                          digits + 15, digits + 18);
}

static gboolean
write_libvirtd_conf (const LabOptions *options, GError **error)
{
  g_autofree char *uuid = make_host_uuid (options->keep);
  g_autofree char *text = g_strdup_printf (libvirtd_conf, uuid);

  return lab_write_file ("/etc/libvirt/libvirtd.conf", text, 0644, error);
}

gboolean
lab_libvirt_configure (const LabOptions *options, GError **error)
{
  return lab_make_directory ("/run/libvirt", 0755, error) &&
         lab_make_directory ("/etc/libvirt/qemu", 0700, error) &&
         lab_make_directory ("/etc/libvirt/hooks/qemu.d", 0755, error) &&
         write_libvirtd_conf (options, error) &&
         lab_write_file ("/etc/libvirt/qemu.conf", qemu_conf, 0600, error) &&
         lab_make_link (options->hook, "/etc/libvirt/hooks/qemu.d/virt-ap", error) &&
         /* virsh on a terminal starts it, and it complains that no polkit runs */
         hide_program ("/usr/bin/pkttyagent", error) && hide_emulators (error) &&
         replace_emulator (options, error) && lab_idle_kernel_write (error);
}

gboolean
lab_libvirt_virtlogd_is_up (void)
{
  return g_file_test (VIRTLOGD_SOCKET, G_FILE_TEST_EXISTS);
}

static int
connect_libvirtd (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = LIBVIRTD_SOCKET };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd < 0 || connect (fd, (struct sockaddr *) &address, sizeof address) == 0)
    return fd;
  close (fd);
  return -1;
}

/*
 * The socket is there before the drivers are: only an answer tells that they are.
 * The call is AUTH_LIST, which needs no connection opened before it
 * (libvirt, src/remote/remote_protocol.x).
 */
gboolean
lab_libvirt_answers (void)
{
  const guint32 call[] = {
    GUINT32_TO_BE (28),         /* length */
    GUINT32_TO_BE (0x20008086), /* program */
    GUINT32_TO_BE (1),          /* version */
    GUINT32_TO_BE (66),         /* REMOTE_PROC_AUTH_LIST */
    GUINT32_TO_BE (0),          /* a call */
    GUINT32_TO_BE (1),          /* serial */
    GUINT32_TO_BE (0),          /* ok */
  };
  struct timeval patience = { .tv_usec = 50 * 1000 };
  guint8 reply[sizeof call];
  int fd = connect_libvirtd ();
  gboolean answers;

  if (fd < 0)
    return FALSE;
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  answers = send (fd, call, sizeof call, MSG_NOSIGNAL) == (ssize_t) sizeof call &&
            recv (fd, reply, sizeof reply, MSG_WAITALL) == (ssize_t) sizeof reply;
  close (fd);
  return answers;
}
