/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The matrices that a guest holds, as far as the simulated driver is to know: as
 * descriptors of the files that stand for their vfio groups' devices.  The relay has
 * them, so that they go with an unplugged device, and with QEMU.
 */
#include "emulator.h"
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  char *device;  /* QEMU's id of it */
  char *command; /* libvirt's id of the device_add that QEMU has not answered; or NULL */
  int fd;
} Hold;

struct _LabEmulatorHolds {
  GPtrArray *holds;
  GString *line; /* the start of one from QEMU */
};

static void
hold_free (gpointer data)
{
  Hold *hold = data;

  g_free (hold->device);
  g_free (hold->command);
  close (hold->fd);
  g_free (hold);
}

LabEmulatorHolds *
lab_emulator_holds_new (void)
{
  LabEmulatorHolds *holds = g_new0 (LabEmulatorHolds, 1);

  holds->holds = g_ptr_array_new_with_free_func (hold_free);
  holds->line = g_string_new (NULL);
  return holds;
}

void
lab_emulator_holds_free (LabEmulatorHolds *holds)
{
  if (!holds)
    return;
  g_ptr_array_unref (holds->holds);
  g_string_free (holds->line, TRUE);
  g_free (holds);
}

/* the group that the device says it is in, "?" when it does not */
static char *
find_group (const char *uuid)
{
  g_autofree char *link = g_strdup_printf ("/sys/bus/mdev/devices/%s/iommu_group", uuid);
  g_autofree char *target = g_file_read_link (link, NULL);

  return target != NULL ? g_path_get_basename (target) : g_strdup ("?");
}

int
lab_emulator_hold (const char *uuid, char **trouble)
{
  g_autofree char *path = g_strdup_printf (LAB_VFIO_DEVICE, uuid);
  g_autofree char *group = NULL;
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  if (fd < 0) {
    int code = errno;

    group = find_group (uuid);
    *trouble = g_strdup_printf ("vfio %s: failed to open /dev/vfio/%s: %s", uuid, group,
                                g_strerror (code));
  }
  return fd;
}

void
lab_emulator_holds_add (LabEmulatorHolds *holds, const char *device, const char *command,
                        int fd)
{
  Hold *hold = g_new0 (Hold, 1);

  hold->device = g_strdup (device);
  hold->command = g_strdup (command);
  hold->fd = fd;
  g_ptr_array_add (holds->holds, hold);
}

/* QEMU has answered the device_add, or unplugged the device */
static void
look_at_line (LabEmulatorHolds *holds, const char *line)
{
  g_autofree char *device = lab_emulator_json_string (line, "device", FALSE);
  g_autofree char *command = lab_emulator_json_string (line, "id", TRUE);
  gboolean deleted = strstr (line, "\"DEVICE_DELETED\"") != NULL;
  gboolean refused = strstr (line, "\"error\"") != NULL;

  for (guint i = holds->holds->len; i > 0; i--) {
    Hold *hold = holds->holds->pdata[i - 1];
    gboolean answered = hold->command != NULL && g_strcmp0 (hold->command, command) == 0;

    if ((deleted && g_strcmp0 (hold->device, device) == 0) || (answered && refused))
      g_ptr_array_remove_index (holds->holds, i - 1);
    else if (answered)
      g_clear_pointer (&hold->command, g_free);
  }
}

void
lab_emulator_holds_look (LabEmulatorHolds *holds, const char *bytes, gsize length)
{
  const char *end;

  if (holds->holds->len == 0) {
    g_string_truncate (holds->line, 0);
    return;
  }
  while ((end = memchr (bytes, '\n', length)) != NULL) {
    gsize piece = (gsize) (end - bytes) + 1;

    g_string_append_len (holds->line, bytes, (gssize) piece);
    look_at_line (holds, holds->line->str);
    g_string_truncate (holds->line, 0);
    bytes += piece;
    length -= piece;
  }
  g_string_append_len (holds->line, bytes, (gssize) length);
}
