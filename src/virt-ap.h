/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library's one header. */
#pragma once

#include "ap/card.h"
#include "ap/error.h"
#include "ap/feature.h"
#include "ap/mask.h"
#include "ap/matrix.h"
#include "ap/pqap.h"
#include "check/check.h"
#include "check/finding.h"
#include "guest/device.h"
#include "guest/guest.h"
#include "guest/rewrite.h"
#include "host/host.h"
#include "host/qemu.h"
#include "judge/judge.h"
