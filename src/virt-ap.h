/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library's one header. */
#pragma once

#include "ap/card.h"
#include "ap/error.h"
#include "ap/feature.h"
#include "ap/kvm-pqap.h"
#include "ap/mask.h"
#include "ap/matrix.h"
#include "ap/pqap.h"
#include "check/check.h"
#include "check/finding.h"
#include "check/guest-view.h"
#include "guest/device.h"
#include "guest/guest.h"
#include "guest/rewrite.h"
#include "host/host.h"
#include "host/kvm.h"
#include "host/layers.h"
#include "host/qemu.h"
#include "host/qemu-flags.h"
#include "host/remote.h"
#include "judge/judge.h"
