/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Places in a domain XML that both the reader and the rewriter go to.  Private
 * to guest/. */
#pragma once

#include "guest/guest.h"
#include "guest/xml.h"

G_BEGIN_DECLS

/* the <domain> in a document whose root is one, <domstatus>, <domainsnapshot> or
 * <domaincheckpoint>; NULL with %VAP_ERROR_MALFORMED */
xmlNode *vap_guest_xml_domain (const xmlDoc *doc, GError **error);

/* our element below the first <metadata>; libvirt keeps one for each namespace
 * (src/util/virxml.c, virXMLNodeSanitizeNamespaces()) */
xmlNode *vap_guest_xml_crypto (const xmlNode *domain);

/* NULL when the <hostdev> is no mediated device */
VapGuestDevice *vap_guest_xml_mdev (const xmlNode *hostdev);

/* a <cpu>'s mode; FALSE with %VAP_ERROR_MALFORMED for an unknown one */
gboolean vap_guest_xml_cpu_mode (const xmlNode *cpu, VapCpuMode *mode, GError **error);

/* a <feature>'s name, which there must be */
char *vap_guest_xml_feature_name (const xmlNode *feature, GError **error);

G_END_DECLS
