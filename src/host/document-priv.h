/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the files of the host document.  Not installed. */
#pragma once

#include "host/document.h"
#include "host/fields.h"

G_BEGIN_DECLS

void vap_document_add_matrix (VapJson *json, const char *name,
                              const VapMatrix *matrix);
gboolean vap_document_read_matrix (const json_t *object, const char *name,
                                   VapMatrix *matrix,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* as a list of products, adapters with the same domains together */
void vap_document_add_queues (VapJson *json, const char *name,
                              const VapQueueSet *queues);
gboolean vap_document_read_queues (const json_t *object, const char *name,
                                   VapQueueSet *queues,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* machine, AP bus, driver, masks */
void vap_document_add_machine (VapJson *json, const VapHost *host,
                               const VapHostRecord *record);
gboolean vap_document_read_machine (const json_t *root, VapHost *host,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* whose it is stands at the beginning, the rest of the record at the end */
void vap_document_add_identity (VapJson *json, const VapHostRecord *record);
void vap_document_add_record (VapJson *json, const VapHostRecord *record);
gboolean vap_document_read_record (const json_t *root, VapHostRecord *record,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

void vap_document_add_devices (VapJson *json, const VapHost *host);
gboolean vap_document_read_devices (const json_t *root, VapHost *host,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

void vap_document_add_guests (VapJson *json, const VapHost *host);
gboolean vap_document_read_guests (const json_t *root, VapHost *host,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* with nothing in it */
VapHostRecord *vap_host_record_blank (void);

/* a list of strings, none of them null */
void vap_document_add_strings (VapJson *json, const char *name,
                               const GPtrArray *strings);
gboolean vap_document_read_strings (const json_t *object, const char *name,
                                    GPtrArray *strings,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
