#ifndef PERIGEE_CFUSE3_SHIM_H
#define PERIGEE_CFUSE3_SHIM_H

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#endif
