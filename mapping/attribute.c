/* SPDX-License-Identifier: MIT */
#include "mapping/attribute.h"
