/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulated host's file tree.  Everything that is written or mounted here is
 * in the lab's own mount namespace and on its own tmpfs, so that the kernel takes
 * it away with the lab's last process, however that ends.
 */
#include "config.h"
#include "namespace.h"

#include "message.h"
#include "mounts.h"

#include <glib/gi18n.h>
#include <linux/capability.h>
#include <net/if.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MODPROBE_DIR LAB_PRIVATE_DIR "/bin"
#define OVERLAY_DIR LAB_PRIVATE_DIR "/overlay"
#define TOPOLOGY_DIR LAB_PRIVATE_DIR "/topology"

/* the character device null, which stands for what the lab has only the name of */
#define NULL_DEVICE makedev (1, 3)

/* A loaded module, a reboot and the clock would be the real machine's. */
static const int capabilities_left_behind[] = { CAP_SYS_MODULE, CAP_SYS_BOOT,
                                                CAP_SYS_TIME };

static gboolean
write_map (const char *path, const char *text, GError **error)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  gboolean written = fd >= 0 && write (fd, text, strlen (text)) == (gssize) strlen (text);

  if (!written)
    lab_set_errno_error (error, _ ("cannot write %s"), path);
  if (fd >= 0)
    close (fd);
  return written;
}

/* In a user namespace of its own, a user is root, of no more than what is the user's. */
gboolean
lab_namespace_allow (GError **error)
{
  g_autofree char *users = g_strdup_printf ("0 %u 1", geteuid ());
  g_autofree char *groups = g_strdup_printf ("0 %u 1", getegid ());

  if (geteuid () == 0)
    return TRUE;
  if (unshare (CLONE_NEWUSER) < 0) {
    lab_set_errno_error (
        error, _ ("this must run as root, or where users may make user namespaces"));
    return FALSE;
  }
  return write_map ("/proc/self/setgroups", "deny", error) &&
         write_map ("/proc/self/uid_map", users, error) &&
         write_map ("/proc/self/gid_map", groups, error);
}

gboolean
lab_namespace_has_own_users (void)
{
  g_autofree char *setgroups_file = NULL;

  return g_file_get_contents ("/proc/self/setgroups", &setgroups_file, NULL, NULL) &&
         g_str_has_prefix (setgroups_file, "deny");
}

void
lab_namespace_drop_capabilities (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (capabilities_left_behind); i++)
    /* fails only where the caller has not got it to begin with */
    prctl (PR_CAPBSET_DROP, capabilities_left_behind[i], 0, 0, 0);
}

gboolean
lab_namespace_leave_host (const LabOptions *options, GError **error)
{
  if (unshare (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0) {
    lab_set_errno_error (error, _ ("cannot make namespaces"));
    return FALSE;
  }
  if (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
    lab_set_errno_error (error, _ ("cannot make the mounts private"));
    return FALSE;
  }
  /* libvirt moves no guest between hosts of one name */
  if (options->keep != NULL && sethostname (options->keep, strlen (options->keep)) < 0) {
    lab_set_errno_error (error, _ ("cannot name the lab"));
    return FALSE;
  }
  lab_namespace_drop_capabilities ();
  return TRUE;
}

static gboolean
raise_loopback (GError **error)
{
  struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean up = fd >= 0 && ioctl (fd, SIOCSIFFLAGS, &request) == 0;

  if (!up)
    lab_set_errno_error (error, _ ("cannot bring up the loopback interface"));
  if (fd >= 0)
    close (fd);
  return up;
}

/*
 * Folders that the real host lacks cannot be made there.  The top folder that they are
 * in, /etc or /var, gets a writable layer over it, which is the lab's.
 */
static gboolean
cover (const char *top, GError **error)
{
  g_autofree char *upper = g_strconcat (OVERLAY_DIR, top, "/upper", NULL);
  g_autofree char *work = g_strconcat (OVERLAY_DIR, top, "/work", NULL);
  g_autofree char *layers =
      g_strdup_printf ("lowerdir=%s,upperdir=%s,workdir=%s", top, upper, work);

  return g_file_test (upper, G_FILE_TEST_IS_DIR) || /* it is covered already */
         (lab_make_directory (upper, 0755, error) &&
          lab_make_directory (work, 0755, error) &&
          lab_mount ("overlay", top, 0, layers, error));
}

static gboolean
ensure_directory (const char *path, GError **error)
{
  g_autofree char *top = g_strndup (path, strcspn (path + 1, "/") + 1);

  return g_file_test (path, G_FILE_TEST_IS_DIR) ||
         (cover (top, error) && lab_make_directory (path, 0755, error));
}

static gboolean
mount_own_directory (const char *path, GError **error)
{
  return lab_mount ("tmpfs", path, MS_NOSUID | MS_NODEV, "mode=0755", error);
}

/* virt-ap's own; where they are not there, and cannot be made, nothing is configured or
 * has been begun */
static gboolean
mount_own_state (GError **error)
{
  static const char *const directories[] = { "/etc/virt-ap", "/var/lib/virt-ap" };

  for (gsize i = 0; i < G_N_ELEMENTS (directories); i++)
    if (ensure_directory (directories[i], NULL) &&
        !mount_own_directory (directories[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
mount_own_directories (GError **error)
{
  static const char *const directories[] = {
    "/etc/libvirt",     "/etc/mdevctl.d",     "/etc/udev/rules.d",
    "/var/lib/libvirt", "/var/cache/libvirt", "/var/log",
  };

  /* /run is first, the layers of cover() are there; these come before any mount below */
  if (!mount_own_directory ("/run", error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (directories); i++)
    if (!ensure_directory (directories[i], error))
      return FALSE;
  if (!mount_own_state (error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (directories); i++)
    if (!mount_own_directory (directories[i], error))
      return FALSE;
  return lab_make_directory ("/var/log/libvirt", 0755, error);
}

static gboolean
fill_run (GError **error)
{
  return lab_make_directory (MODPROBE_DIR, 0755, error) &&
         lab_make_directory ("/run/lock", 01777, error) &&
         lab_make_directory ("/run/udev", 0755, error) &&
         /* without it libudev takes it that no udev runs, and hears no events
          * (systemd, src/libsystemd/sd-device/device-monitor.c) */
         lab_write_file ("/run/udev/control", "", 0600, error);
}

/* The old /proc shows the processes outside, so it goes with all that is mounted on it.
 */
static gboolean
mount_proc (const LabMachine *machine, GError **error)
{
  g_autofree char *text = lab_machine_cpuinfo (machine);

  umount2 ("/proc", MNT_DETACH);
  return lab_mount ("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, error) &&
         lab_write_file (LAB_PRIVATE_DIR "/cpuinfo", text, 0444, error) &&
         lab_mount_bind (LAB_PRIVATE_DIR "/cpuinfo", "/proc/cpuinfo", error);
}

static gboolean
detach_sys (GError **error)
{
  struct stat status;

  if (stat ("/sys/devices/system", &status) == 0 &&
      (!lab_make_directory (TOPOLOGY_DIR, 0755, error) ||
       !lab_mount_bind ("/sys/devices/system", TOPOLOGY_DIR, error)))
    return FALSE;
  umount2 ("/sys", MNT_DETACH);
  return TRUE;
}

/* Those of the mount beneath must stay: in a user namespace they cannot be taken off. */
static gulong
flags_of (const char *path)
{
  static const struct {
    gulong statvfs;
    gulong mount;
  } flags[] = {
    { ST_NOSUID, MS_NOSUID },     { ST_NODEV, MS_NODEV },
    { ST_NOEXEC, MS_NOEXEC },     { ST_NOATIME, MS_NOATIME },
    { ST_RELATIME, MS_RELATIME }, { ST_NODIRATIME, MS_NODIRATIME },
  };
  struct statvfs status;
  gulong found = 0;

  if (statvfs (path, &status) != 0)
    return 0;
  for (gsize i = 0; i < G_N_ELEMENTS (flags); i++)
    if (status.f_flag & flags[i].statvfs)
      found |= flags[i].mount;
  return found;
}

gboolean
lab_namespace_show_topology (GError **error)
{
  gulong flags = MS_REMOUNT | MS_BIND | MS_RDONLY | flags_of (TOPOLOGY_DIR);

  if (!g_file_test (TOPOLOGY_DIR "/cpu", G_FILE_TEST_IS_DIR) ||
      !g_file_test ("/sys/devices/system", G_FILE_TEST_IS_DIR))
    return TRUE;
  if (mount (NULL, TOPOLOGY_DIR, NULL, flags, NULL) < 0 ||
      mount (TOPOLOGY_DIR, "/sys/devices/system", NULL, MS_MOVE, NULL) < 0) {
    lab_set_errno_error (error, _ ("cannot show the CPUs in /sys/devices/system"));
    return FALSE;
  }
  return TRUE;
}

typedef struct {
  const char *name;
  guint major;
  guint minor;
  guint mode;
} DeviceNode;

/* What programs expect of any host (Linux, Documentation/admin-guide/devices.txt).
 * There is no kvm: the lab's guests are emulated, alike on every machine. */
static const DeviceNode device_nodes[] = {
  { "null", 1, 3, 0666 },    { "zero", 1, 5, 0666 },    { "full", 1, 7, 0666 },
  { "random", 1, 8, 0666 },  { "urandom", 1, 9, 0666 }, { "tty", 5, 0, 0666 },
  { "fuse", 10, 229, 0666 },
};

static const char *const device_links[][2] = {
  { "/proc/self/fd", "fd" },
  { "/proc/self/fd/0", "stdin" },
  { "/proc/self/fd/1", "stdout" },
  { "/proc/self/fd/2", "stderr" },
};

/* @source: a node of the same device, which is bound to the place where a user
 * namespace may make none */
static gboolean
make_node (const char *path, guint mode, dev_t device, const char *source, GError **error)
{
  if (mknod (path, S_IFCHR | mode, device) == 0 && chmod (path, mode) == 0)
    return TRUE;
  if (errno == EPERM)
    return lab_write_file (path, "", mode, error) && lab_mount_bind (source, path, error);
  lab_set_errno_error (error, _ ("cannot make the device node %s"), path);
  return FALSE;
}

/*
 * The terminals stay the caller's: COMMAND runs in one of them.  But a user namespace
 * opens no new ones in a devpts that is not its own (fs/devpts, devpts_acquire()).
 */
static gboolean
mount_terminals (const char *pts, const char *ptmx, GError **error)
{
  if (lab_namespace_has_own_users ())
    return lab_mount ("devpts", pts, MS_NOSUID | MS_NOEXEC,
                      "newinstance,ptmxmode=0666,mode=0620", error) &&
           lab_make_link ("pts/ptmx", ptmx, error);
  return lab_mount_bind ("/dev/pts", pts, error) &&
         make_node (ptmx, 0666, makedev (5, 2), "/dev/ptmx", error);
}

static gboolean
fill_dev (const char *dev, GError **error)
{
  g_autofree char *ptmx = g_build_filename (dev, "ptmx", NULL);
  g_autofree char *pts = g_build_filename (dev, "pts", NULL);
  g_autofree char *shm = g_build_filename (dev, "shm", NULL);
  g_autofree char *vfio = g_build_filename (dev, "vfio", NULL);
  g_autofree char *container = g_build_filename (vfio, "vfio", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (device_nodes); i++) {
    const DeviceNode *node = &device_nodes[i];
    g_autofree char *path = g_build_filename (dev, node->name, NULL);
    g_autofree char *source = g_build_filename ("/dev", node->name, NULL);

    if (!make_node (path, node->mode, makedev (node->major, node->minor), source, error))
      return FALSE;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (device_links); i++) {
    g_autofree char *path = g_build_filename (dev, device_links[i][1], NULL);

    if (!lab_make_link (device_links[i][0], path, error))
      return FALSE;
  }
  return lab_make_directory (pts, 0755, error) && mount_terminals (pts, ptmx, error) &&
         lab_make_directory (shm, 01777, error) &&
         lab_make_directory (vfio, 0755, error) &&
         make_node (container, 0666, NULL_DEVICE, "/dev/null", error);
}

static gboolean
mount_dev (GError **error)
{
  const char *staging = LAB_PRIVATE_DIR "/dev";

  if (!lab_make_directory (staging, 0755, error) ||
      !lab_mount ("tmpfs", staging, MS_NOSUID, "mode=0755", error) ||
      !fill_dev (staging, error))
    return FALSE;
  umount2 ("/dev", MNT_DETACH);
  if (mount (staging, "/dev", NULL, MS_MOVE, NULL) < 0) {
    lab_set_errno_error (error, _ ("cannot mount the lab's /dev"));
    return FALSE;
  }
  return TRUE;
}

/* While a guest has it, a link is in its place, to a file that gives EBUSY too. */
void
lab_namespace_set_group (guint group, const char *uuid, LabGroupState state,
                         gpointer user_data G_GNUC_UNUSED)
{
  g_autofree char *path = g_strdup_printf ("/dev/vfio/%u", group);
  g_autofree char *busy = g_strdup_printf (LAB_VFIO_DEVICE, uuid);
  g_autoptr (GError) error = NULL;
  gboolean made = TRUE;

  umount2 (path, MNT_DETACH | UMOUNT_NOFOLLOW); /* where it is a bound one */
  unlink (path);
  if (state == LAB_GROUP_FREE)
    made = make_node (path, 0600, NULL_DEVICE, "/dev/null", &error);
  else if (state == LAB_GROUP_BUSY)
    made = lab_make_link (busy, path, &error);
  if (!made)
    lab_message ("%s", error->message);
}

static gboolean
fill_mdevctl (const LabOptions *options, GError **error)
{
  const GPtrArray *definitions = options->machine->definitions;

  if (!lab_make_directory ("/etc/mdevctl.d/matrix", 0755, error) ||
      !lab_make_directory ("/etc/mdevctl.d/scripts.d/notifiers", 0755, error) ||
      !lab_make_directory ("/etc/mdevctl.d/scripts.d/callouts", 0755, error) ||
      !lab_make_link (options->callout, "/etc/mdevctl.d/scripts.d/callouts/virt-ap",
                      error))
    return FALSE;
  for (guint i = 0; i < definitions->len; i++) {
    const LabDefinition *definition = definitions->pdata[i];
    g_autofree char *path =
        g_build_filename ("/etc/mdevctl.d/matrix", definition->uuid, NULL);

    if (!lab_write_file (path, definition->json, 0644, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
fill_udev_rules (const LabMachine *machine, GError **error)
{
  return machine->udev_rule == NULL || lab_write_file ("/etc/udev/rules.d/41-ap.rules",
                                                       machine->udev_rule, 0644, error);
}

/* The module is loaded in the simulated kernel, by whoever finds modprobe in PATH. */
static gboolean
install_modprobe (const LabOptions *options, GError **error)
{
  g_autofree char *script = g_build_filename (options->share, "modprobe", NULL);

  return lab_make_link (script, MODPROBE_DIR "/modprobe", error);
}

gboolean
lab_namespace_build (const LabOptions *options, GError **error)
{
  return raise_loopback (error) && mount_own_directories (error) && fill_run (error) &&
         mount_proc (options->machine, error) && detach_sys (error) &&
         mount_dev (error) && fill_mdevctl (options, error) &&
         fill_udev_rules (options->machine, error) && install_modprobe (options, error);
}
