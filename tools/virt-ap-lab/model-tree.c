/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tree below /sys.  Nothing of it is stored: a table says which directories
 * there are, what hangs in them, and where their links lead (model-dirs.c); a LabNode
 * holds a row of that table, a place in it, and the number of the card, queue or
 * mediated device.  fs.c and the unit tests walk it.
 */
#include "model-dirs.h"

#include <string.h>

/* A LabNode: bits 63 to 56 the directory plus 1, 55 to 48 the place in it, 31 to 0 the
 * number.  Places: the directory itself, attributes from PLACE_ATTR, links from
 * PLACE_LINK, a numbered link. */
enum { PLACE_SELF = 0, PLACE_ATTR = 1, PLACE_LINK = 0x80, PLACE_CHILD = 0xff };

static LabNode
make_node (LabDir dir, guint place, guint32 id)
{
  if (dir == DIR_ROOT && place == PLACE_SELF)
    return LAB_NODE_ROOT;
  return (guint64) (dir + 1) << 56 | (guint64) place << 48 | id;
}

/* whether the table has this place in that row */
static gboolean
is_place (LabDir dir, guint place)
{
  const LabDirInfo *info = &lab_dirs[dir];
  guint n = 0;

  if (place == PLACE_SELF || place == PLACE_CHILD)
    return place == PLACE_SELF || info->child_target;
  if (place >= PLACE_LINK) {
    while (info->links && info->links[n].name)
      n++;
    return place - PLACE_LINK < n;
  }
  while (info->attrs && info->attrs[n].name)
    n++;
  return place - PLACE_ATTR < n;
}

/* FALSE for a number that make_node() never made */
static gboolean
split_node (LabNode node, LabDir *dir, guint *place, guint32 *id)
{
  if (node == LAB_NODE_ROOT)
    node = (guint64) (DIR_ROOT + 1) << 56;
  if (node >> 56 == 0 || node >> 56 > N_DIRS)
    return FALSE;
  *dir = (LabDir) ((node >> 56) - 1);
  *place = (guint) (node >> 48) & 0xff;
  *id = (guint32) node;
  return is_place (*dir, *place);
}

/* A queue's directory is in its card's; every other child has its parent's number. */
static guint32
parent_id (LabDir dir, guint32 id)
{
  if (dir == DIR_QUEUE)
    return LAB_AP_CARD | LAB_AP_ADAPTER (id);
  return id;
}

/* The directory is there if all above it are, too. */
static gboolean
dir_there (const LabModel *model, LabDir dir, guint32 id)
{
  for (; dir != DIR_ROOT; id = parent_id (dir, id), dir = lab_dirs[dir].parent) {
    if (lab_dirs[dir].there && !lab_dirs[dir].there (model, id))
      return FALSE;
  }
  return TRUE;
}

/* Whether the set of directory number @owner holds this device. */
static gboolean
set_holds_device (LabSet set, guint32 owner, const LabApDevice *device)
{
  switch (set) {
  case SET_AP:
    return TRUE;
  case SET_CARDS:
    return (device->id & LAB_AP_CARD) != 0;
  case SET_QUEUES:
    return !(device->id & LAB_AP_CARD) &&
           LAB_AP_ADAPTER (device->id) == LAB_AP_ADAPTER (owner);
  case SET_BOUND:
    return device->driver == owner;
  default:
    return FALSE;
  }
}

/* the name that an mdev has in the set; FALSE: it is not in the set */
static gboolean
name_mdev (const LabModel *model, LabSet set, guint32 owner, const LabMdev *mdev,
           char name[40])
{
  switch (set) {
  case SET_MDEVS:
    g_strlcpy (name, mdev->uuid, 40);
    return TRUE;
  case SET_BOUND_MDEVS:
    g_strlcpy (name, mdev->uuid, 40);
    return !mdev->removing;
  case SET_OWN_MDEV:
    g_strlcpy (name, mdev->uuid, 40);
    return mdev->serial == owner;
  case SET_GROUPS:
    g_snprintf (name, 40, "%u", mdev->group);
    return TRUE;
  case SET_VFIO_DEVS:
  case SET_OWN_VFIO_DEV:
    g_snprintf (name, 40, "vfio%u", mdev->group);
    return (set == SET_VFIO_DEVS || mdev->serial == owner) &&
           lab_mdev_has_vfio_device (model, mdev);
  default:
    return FALSE;
  }
}

static gboolean
find_driver (const LabModel *model, const char *name, guint32 *id)
{
  for (LabDriver driver = LAB_DRIVER_NONE + 1; driver < LAB_N_DRIVERS; driver++) {
    *id = driver;
    if (strcmp (lab_driver_name (driver), name) == 0)
      return lab_driver_there (model, driver);
  }
  return FALSE;
}

static gboolean
find_child (const LabModel *model, LabSet set, guint32 owner, const char *name,
            guint32 *id)
{
  char candidate[40];

  if (set == SET_DRIVERS)
    return find_driver (model, name, id);
  if (set < SET_DRIVERS) {
    const LabApDevice *device =
        lab_ap_id_parse (name, id) ? lab_ap_find (model, *id) : NULL;

    return device && set_holds_device (set, owner, device);
  }
  for (guint i = 0; i < model->mdevs->len; i++) {
    const LabMdev *mdev = model->mdevs->pdata[i];

    *id = mdev->serial;
    if (name_mdev (model, set, owner, mdev, candidate) && strcmp (name, candidate) == 0)
      return TRUE;
  }
  return FALSE;
}

static LabNode
child_node (LabDir dir, guint32 id)
{
  if (lab_dirs[dir].child_target)
    return make_node (dir, PLACE_CHILD, id);
  return make_node (lab_dirs[dir].child, PLACE_SELF, id);
}

static void
list_children (const LabModel *model, LabDir dir, guint32 owner, LabListFunc func,
               gpointer user_data)
{
  LabNodeType type = lab_dirs[dir].child_target ? LAB_NODE_LINK : LAB_NODE_DIRECTORY;
  LabSet set = lab_dirs[dir].set;
  char name[40];

  if (set == SET_NONE)
    return;
  for (LabDriver i = LAB_DRIVER_NONE + 1; set == SET_DRIVERS && i < LAB_N_DRIVERS; i++) {
    if (lab_driver_there (model, i))
      func (lab_driver_name (i), child_node (dir, i), type, user_data);
  }
  for (GList *link = model->devices.head; set < SET_DRIVERS && link; link = link->next) {
    const LabApDevice *device = link->data;

    if (!set_holds_device (set, owner, device))
      continue;
    lab_ap_name (device->id, name);
    func (name, child_node (dir, device->id), type, user_data);
  }
  for (guint i = 0; set >= SET_MDEVS && i < model->mdevs->len; i++) {
    const LabMdev *mdev = model->mdevs->pdata[i];

    if (name_mdev (model, set, owner, mdev, name))
      func (name, child_node (dir, mdev->serial), type, user_data);
  }
}

static gboolean
attr_visible (const LabModel *model, const LabAttr *attr, guint32 id)
{
  return !attr->visible || attr->visible (model, id);
}

static gboolean
link_visible (const LabModel *model, const LabLink *link, guint32 id)
{
  g_autofree char *target = link->target (model, id);

  return target != NULL;
}

/* one with a name of its own, not from a set */
static gboolean
is_subdirectory (LabDir sub, LabDir dir)
{
  return lab_dirs[sub].parent == dir && lab_dirs[sub].name;
}

int
lab_model_lookup (LabModel *model, LabNode directory, const char *name, LabNode *node)
{
  const LabDirInfo *info;
  LabDir dir;
  guint place;
  guint32 id, child;

  if (!split_node (directory, &dir, &place, &id) || !dir_there (model, dir, id))
    return ENOENT;
  if (place != PLACE_SELF)
    return ENOTDIR;
  info = &lab_dirs[dir];
  for (guint i = 0; info->attrs && info->attrs[i].name; i++) {
    if (strcmp (info->attrs[i].name, name) == 0) {
      *node = make_node (dir, PLACE_ATTR + i, id);
      return attr_visible (model, &info->attrs[i], id) ? 0 : ENOENT;
    }
  }
  for (guint i = 0; info->links && info->links[i].name; i++) {
    if (strcmp (info->links[i].name, name) == 0) {
      *node = make_node (dir, PLACE_LINK + i, id);
      return link_visible (model, &info->links[i], id) ? 0 : ENOENT;
    }
  }
  for (LabDir sub = DIR_ROOT + 1; sub < N_DIRS; sub++) {
    if (is_subdirectory (sub, dir) && strcmp (lab_dirs[sub].name, name) == 0) {
      *node = make_node (sub, PLACE_SELF, id);
      return dir_there (model, sub, id) ? 0 : ENOENT;
    }
  }
  if (!find_child (model, info->set, id, name, &child))
    return ENOENT;
  *node = child_node (dir, child);
  return 0;
}

int
lab_model_resolve (LabModel *model, const char *path, LabNode *node)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  int code = 0;

  *node = LAB_NODE_ROOT;
  for (guint i = 0; code == 0 && parts[i]; i++) {
    if (*parts[i])
      code = lab_model_lookup (model, *node, parts[i], node);
  }
  return code;
}

/* The attribute at a place, if it is there now. */
static const LabAttr *
attr_at (const LabModel *model, LabDir dir, guint place, guint32 id)
{
  const LabAttr *attr;

  if (place < PLACE_ATTR || place >= PLACE_LINK)
    return NULL;
  attr = &lab_dirs[dir].attrs[place - PLACE_ATTR];
  return attr_visible (model, attr, id) ? attr : NULL;
}

/* what the link at a place leads to, NULL when it is not there now */
static char *
target_at (const LabModel *model, LabDir dir, guint place, guint32 id)
{
  if (place == PLACE_CHILD)
    return lab_dirs[dir].child_target (model, id);
  return lab_dirs[dir].links[place - PLACE_LINK].target (model, id);
}

/* The number of the directory that a place is in.  A numbered link's node has the
 * number of what it leads to, which says the directory's. */
static guint32
owner_of (const LabModel *model, LabDir dir, guint place, guint32 id)
{
  const LabApDevice *device;

  if (place != PLACE_CHILD || lab_dirs[dir].set == SET_OWN_MDEV)
    return id;
  if (lab_dirs[dir].set != SET_BOUND)
    return 0;
  device = lab_ap_find (model, id);
  return device ? device->driver : LAB_DRIVER_NONE;
}

/* A numbered link is there while what it leads to is in the directory's set. */
static gboolean
place_there (const LabModel *model, LabDir dir, guint place, guint32 id)
{
  guint32 owner = owner_of (model, dir, place, id);
  const LabApDevice *device;
  const LabMdev *mdev;
  char name[40];

  if (!dir_there (model, dir, owner))
    return FALSE;
  if (place != PLACE_CHILD)
    return TRUE;
  if (lab_dirs[dir].set > SET_DRIVERS) {
    mdev = lab_mdev_find (model, id);
    return mdev && name_mdev (model, lab_dirs[dir].set, owner, mdev, name);
  }
  device = lab_ap_find (model, id);
  return device && set_holds_device (lab_dirs[dir].set, owner, device);
}

int
lab_model_stat (LabModel *model, LabNode node, LabNodeType *type, guint *mode)
{
  const LabAttr *attr;
  LabDir dir;
  guint place;
  guint32 id;

  if (!split_node (node, &dir, &place, &id) || !place_there (model, dir, place, id))
    return ENOENT;
  if (place == PLACE_SELF) {
    *type = LAB_NODE_DIRECTORY;
    *mode = 0755;
    return 0;
  }
  attr = attr_at (model, dir, place, id);
  if (attr) {
    *type = LAB_NODE_FILE;
    *mode = attr->mode & 07777;
    return 0;
  }
  *type = LAB_NODE_LINK;
  *mode = 0777;
  return place >= PLACE_LINK ? 0 : ENOENT;
}

gboolean
lab_model_is_fixed (LabModel *model, LabNode file)
{
  const LabAttr *attr;
  LabDir dir;
  guint place;
  guint32 id;

  if (!split_node (file, &dir, &place, &id) || !dir_there (model, dir, id))
    return FALSE;
  attr = attr_at (model, dir, place, id);
  return attr && attr->mode & LAB_FIXED;
}

gboolean
lab_model_is_permanent (LabNode node)
{
  LabDir dir;
  guint place;
  guint32 id;

  if (!split_node (node, &dir, &place, &id) || place == PLACE_CHILD)
    return FALSE;
  for (; dir != DIR_ROOT; dir = lab_dirs[dir].parent) {
    if (!lab_dirs[dir].name && dir != DIR_AP_DRIVER)
      return FALSE;
  }
  return TRUE;
}

int
lab_model_list (LabModel *model, LabNode directory, LabListFunc func, gpointer user_data)
{
  const LabAttr *attr;
  const LabLink *link;
  LabDir dir;
  guint place;
  guint32 id;

  if (!split_node (directory, &dir, &place, &id) || !dir_there (model, dir, id))
    return ENOENT;
  if (place != PLACE_SELF)
    return ENOTDIR;
  for (attr = lab_dirs[dir].attrs; attr && attr->name; attr++) {
    LabNode node = make_node (dir, PLACE_ATTR + (guint) (attr - lab_dirs[dir].attrs), id);

    if (attr_visible (model, attr, id))
      func (attr->name, node, LAB_NODE_FILE, user_data);
  }
  for (link = lab_dirs[dir].links; link && link->name; link++) {
    LabNode node = make_node (dir, PLACE_LINK + (guint) (link - lab_dirs[dir].links), id);

    if (link_visible (model, link, id))
      func (link->name, node, LAB_NODE_LINK, user_data);
  }
  for (LabDir sub = DIR_ROOT + 1; sub < N_DIRS; sub++) {
    LabNode node = make_node (sub, PLACE_SELF, id);

    if (is_subdirectory (sub, dir) && dir_there (model, sub, id))
      func (lab_dirs[sub].name, node, LAB_NODE_DIRECTORY, user_data);
  }
  list_children (model, dir, id, func, user_data);
  return 0;
}

/* the absolute path of a directory that is there */
static void
append_path (const LabModel *model, LabDir dir, guint32 id, GString *path)
{
  LabDir parent = lab_dirs[dir].parent;
  char name[40];

  if (dir == DIR_ROOT)
    return;
  append_path (model, parent, parent_id (dir, id), path);
  if (lab_dirs[dir].name)
    g_string_append_printf (path, "/%s", lab_dirs[dir].name);
  else if (dir == DIR_AP_DRIVER)
    g_string_append_printf (path, "/%s", lab_driver_name (id));
  else if (dir == DIR_CARD || dir == DIR_QUEUE) {
    lab_ap_name (id, name);
    g_string_append_printf (path, "/%s", name);
  } else if (name_mdev (model, lab_dirs[parent].set, id, lab_mdev_find (model, id), name))
    g_string_append_printf (path, "/%s", name);
}

/* fs/sysfs/symlink.c, sysfs_get_target_path() as it was, now fs/kernfs/symlink.c: up
 * to the directory that is above both, then down.  @target itself is never taken for
 * a directory above. */
static char *
relative_path (const char *from, const char *target)
{
  GString *relative = g_string_new (NULL);
  gsize common = 0;

  for (gsize i = 0;; i++) {
    gboolean end = from[i] == '\0' || from[i] == '/';

    if (end && target[i] == '/')
      common = i;
    if (from[i] == '\0' || from[i] != target[i])
      break;
  }
  for (const char *rest = from + common; *rest; rest++) {
    if (*rest == '/')
      g_string_append (relative, "../");
  }
  g_string_append (relative, target + common + 1);
  return g_string_free (relative, FALSE);
}

int
lab_model_readlink (LabModel *model, LabNode link, char **target)
{
  g_autoptr (GString) path = NULL;
  g_autofree char *absolute = NULL;
  LabDir dir;
  guint place;
  guint32 id;

  if (!split_node (link, &dir, &place, &id) || !place_there (model, dir, place, id))
    return ENOENT;
  if (place < PLACE_LINK)
    return EINVAL;
  absolute = target_at (model, dir, place, id);
  if (!absolute)
    return ENOENT;
  path = g_string_new (NULL);
  append_path (model, dir, owner_of (model, dir, place, id), path);
  *target = relative_path (path->str, absolute);
  return 0;
}

/* An attribute whose device is gone stays open, and gives ENODEV (fs/kernfs/file.c). */
static int
find_attr (LabModel *model, LabNode file, const LabAttr **attr, guint32 *id)
{
  LabDir dir;
  guint place;

  if (!split_node (file, &dir, &place, id) || !dir_there (model, dir, *id))
    return ENODEV;
  if (place == PLACE_SELF)
    return EISDIR;
  *attr = attr_at (model, dir, place, *id);
  return *attr ? 0 : ENODEV;
}

int
lab_model_read (LabModel *model, LabNode file, GString *content)
{
  const LabAttr *attr;
  guint32 id;
  int code = find_attr (model, file, &attr, &id);

  if (code != 0)
    return code;
  if (!attr->show)
    return EACCES;
  attr->show (model, id, content);
  if (content->len > LAB_CONTENT_MAX)
    g_string_truncate (content, LAB_CONTENT_MAX);
  return 0;
}

int
lab_model_write (LabModel *model, LabNode file, const char *text, gsize length)
{
  g_autofree char *terminated = NULL;
  const LabAttr *attr;
  guint32 id;
  int code = find_attr (model, file, &attr, &id);

  if (code != 0)
    return code;
  if (!attr->store)
    return EACCES;
  terminated = g_strndup (text, length);
  return attr->store (model, id, terminated, length);
}

gboolean
lab_model_is_blocked (const LabModel *model, LabNode file)
{
  const LabMdev *mdev;
  LabDir dir;
  guint place;
  guint32 id;

  if (!split_node (file, &dir, &place, &id) || dir != DIR_MDEV)
    return FALSE;
  mdev = lab_mdev_find (model, id);
  return mdev && mdev->removing;
}

/* the mediated device whose group's device the file stands for, or NULL */
static LabMdev *
find_opened (const LabModel *model, LabNode file)
{
  LabDir dir;
  guint place;
  guint32 id;

  if (!split_node (file, &dir, &place, &id) || dir != DIR_LAB_MDEV || place == PLACE_SELF)
    return NULL;
  return lab_mdev_find (model, id);
}

int
lab_model_open (LabModel *model, LabNode file, gboolean writing, gboolean *holds)
{
  LabMdev *mdev = find_opened (model, file);
  int code = 0;

  if (mdev)
    code = writing ? lab_mdev_open (model, mdev) : mdev->open ? EBUSY : 0;
  *holds = mdev && writing && code == 0;
  return code;
}

void
lab_model_close (LabModel *model, LabNode file)
{
  LabMdev *mdev = find_opened (model, file);

  if (mdev)
    lab_mdev_close (model, mdev);
}
