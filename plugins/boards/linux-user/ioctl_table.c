/* SPDX-License-Identifier: MIT */
/* ioctl_table.c: requests of terminals, files, sockets, block and loop devices. */
#include "ioctl.h"

#include <linux/blkpg.h>
#include <linux/blkzoned.h>
#include <linux/cdrom.h>
#include <linux/dm-ioctl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <linux/fsverity.h>
#include <linux/hdreg.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/input.h>
#include <linux/kd.h>
#include <linux/loop.h>
#include <linux/nsfs.h>
#include <linux/random.h>
#include <linux/rtc.h>
#include <linux/serial.h>
#include <linux/sockios.h>
#include <linux/vm_sockets.h>
#include <linux/vt.h>
#include <linux/watchdog.h>
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "strace.h"

/* struct ifconf { int ifc_len; char *ifc_buf; }. */
static int64_t get_interfaces(struct task *t, const struct ioctl_row *row, const uint64_t a[6])
{
    struct {
        int32_t length, pad;
        uint64_t buffer;
    } conf, host;
    (void)row;
    if (guest_read(t, a[2], &conf, sizeof conf))
        return -EFAULT;
    host = conf;
    host.buffer = ptr_arg(arg_out(t, conf.buffer, (uint64_t)(conf.length < 0 ? 0 : conf.length)));
    int64_t result = host_call(t, SYS_ioctl, a[0], SIOCGIFCONF, ptr_arg(&host), 0, 0, 0);
    conf.length = host.length;
    if (!result && guest_write(t, a[2], &conf, sizeof conf))
        return -EFAULT;
    return result;
}

/* struct ifreq with a pointer behind the name: SIOCETHTOOL's commands of a fixed size. */
static int64_t ethtool(struct task *t, const struct ioctl_row *row, const uint64_t a[6])
{
    struct {
        char name[16];
        uint64_t data, more[2];
    } req;
    (void)row;
    if (guest_read(t, a[2], &req, 40))
        return -EFAULT;
    req.data = ptr_arg(arg_out(t, req.data, 4));
    return host_call(t, SYS_ioctl, a[0], SIOCETHTOOL, ptr_arg(&req), 0, 0, 0);
}

/* struct rtentry, whose rt_dev is a string. */
static int64_t route(struct task *t, const struct ioctl_row *row, const uint64_t a[6])
{
    uint8_t entry[120];
    uint64_t gva;
    int error;
    if (guest_read(t, a[2], entry, sizeof entry))
        return -EFAULT;
    memcpy(&gva, entry + 88, sizeof gva);
    char *name = gva ? guest_string(t, gva, 16, &error) : NULL;
    uint64_t host = ptr_arg(name || !gva ? name : BAD_POINTER);
    memcpy(entry + 88, &host, sizeof host);
    int64_t result = host_call(t, SYS_ioctl, a[0], row->request, ptr_arg(entry), 0, 0, 0);
    free(name);
    return result;
}

/* struct blkpg_ioctl_arg { int op, flags, datalen; void *data; }. */
static int64_t partition(struct task *t, const struct ioctl_row *row, const uint64_t a[6])
{
    struct {
        int32_t op, flags, length, pad;
        uint64_t data;
    } arg;
    (void)row;
    if (guest_read(t, a[2], &arg, sizeof arg))
        return -EFAULT;
    arg.data = ptr_arg(arg_in(t, arg.data, (uint64_t)(arg.length < 0 ? 0 : arg.length)));
    return host_call(t, SYS_ioctl, a[0], BLKPG, ptr_arg(&arg), 0, 0, 0);
}

/* An array that its own head counts (fm_extent_count, dest_count) or sizes (dm). */
static int64_t counted(struct task *t, const struct ioctl_row *row, const uint64_t a[6])
{
    uint8_t head[64];
    uint32_t n = 0;
    uint64_t bytes = row->bytes;
    if (guest_read(t, a[2], head, row->bytes))
        return -EFAULT;
    if (row->request == FS_IOC_FIEMAP) {
        memcpy(&n, head + offsetof(struct fiemap, fm_extent_count), 4);
        bytes += (uint64_t)n * sizeof(struct fiemap_extent);
    } else if (row->request == FIDEDUPERANGE) {
        uint16_t m;
        memcpy(&m, head + offsetof(struct file_dedupe_range, dest_count), 2);
        bytes += (uint64_t)m * sizeof(struct file_dedupe_range_info);
    } else {
        memcpy(&n, head + offsetof(struct dm_ioctl, data_size), 4);
        bytes = n > bytes ? n : bytes;
    }
    return host_call(t, SYS_ioctl, a[0], row->request, ptr_arg(arg_out(t, a[2], bytes)), 0, 0, 0);
}

/* Younger than some headers, or of XFS, which other file systems know, too. */
#ifndef FS_IOC_GETFSUUID
#define FS_IOC_GETFSUUID 0x80111500
#define FS_IOC_GETFSSYSFSPATH 0x80811501
#endif
#define XFS_IOC_RESVSP 0x40305828
#define XFS_IOC_UNRESVSP 0x40305829
#define XFS_IOC_RESVSP64 0x4030582a
#define XFS_IOC_UNRESVSP64 0x4030582b
#define XFS_IOC_ZERO_RANGE 0x40305839
#define EXT4_IOC_GETVERSION 0x80086603
#define EXT4_IOC_GETRSVSZ 0x80086605

/* X(request, kind, bytes, handler) */
#define IOCTLS(X) \
    X(TCGETS, POINTER, 36, NULL) X(TCSETS, READ_ONLY, 36, NULL) X(TCSETSW, READ_ONLY, 36, NULL) \
    X(TCSETSF, READ_ONLY, 36, NULL) X(TCGETA, POINTER, 18, NULL) X(TCSETA, READ_ONLY, 18, NULL) \
    X(TCSETAW, READ_ONLY, 18, NULL) X(TCSETAF, READ_ONLY, 18, NULL) \
    X(TCGETS2, POINTER, 44, NULL) X(TCSETS2, READ_ONLY, 44, NULL) \
    X(TCSETSW2, READ_ONLY, 44, NULL) X(TCSETSF2, READ_ONLY, 44, NULL) X(TCSBRK, NUMBER, 0, NULL) \
    X(TCSBRKP, NUMBER, 0, NULL) X(TIOCSBRK, NUMBER, 0, NULL) X(TIOCCBRK, NUMBER, 0, NULL) \
    X(TCXONC, NUMBER, 0, NULL) X(TCFLSH, NUMBER, 0, NULL) X(TIOCEXCL, NUMBER, 0, NULL) \
    X(TIOCNXCL, NUMBER, 0, NULL) X(TIOCGEXCL, POINTER, 4, NULL) X(TIOCSCTTY, NUMBER, 0, NULL) \
    X(TIOCNOTTY, NUMBER, 0, NULL) X(TIOCGPGRP, POINTER, 4, NULL) X(TIOCSPGRP, READ_ONLY, 4, NULL) \
    X(TIOCGSID, POINTER, 4, NULL) X(TIOCOUTQ, POINTER, 4, NULL) X(TIOCSTI, READ_ONLY, 1, NULL) \
    X(TIOCGWINSZ, POINTER, 8, NULL) X(TIOCSWINSZ, READ_ONLY, 8, NULL) \
    X(TIOCMGET, POINTER, 4, NULL) X(TIOCMBIS, READ_ONLY, 4, NULL) X(TIOCMBIC, READ_ONLY, 4, NULL) \
    X(TIOCMSET, READ_ONLY, 4, NULL) X(TIOCMIWAIT, NUMBER, 0, NULL) \
    X(TIOCGSOFTCAR, POINTER, 4, NULL) X(TIOCSSOFTCAR, READ_ONLY, 4, NULL) \
    X(FIONREAD, POINTER, 4, NULL) X(TIOCCONS, NUMBER, 0, NULL) \
    X(TIOCGSERIAL, POINTER, 72, NULL) X(TIOCSSERIAL, READ_ONLY, 72, NULL) \
    X(TIOCPKT, READ_ONLY, 4, NULL) X(TIOCGPKT, POINTER, 4, NULL) X(FIONBIO, READ_ONLY, 4, NULL) \
    X(FIOASYNC, READ_ONLY, 4, NULL) X(FIOCLEX, NUMBER, 0, NULL) X(FIONCLEX, NUMBER, 0, NULL) \
    X(FIOQSIZE, POINTER, 8, NULL) X(TIOCSETD, READ_ONLY, 4, NULL) X(TIOCGETD, POINTER, 4, NULL) \
    X(TIOCGPTN, POINTER, 4, NULL) X(TIOCSPTLCK, READ_ONLY, 4, NULL) \
    X(TIOCGPTLCK, POINTER, 4, NULL) X(TIOCGPTPEER, NUMBER, 0, NULL) X(TIOCSIG, NUMBER, 0, NULL) \
    X(TIOCVHANGUP, NUMBER, 0, NULL) X(TIOCGDEV, POINTER, 4, NULL) \
    X(TIOCGLCKTRMIOS, POINTER, 36, NULL) \
    X(TIOCSLCKTRMIOS, READ_ONLY, 36, NULL) X(TIOCGICOUNT, POINTER, 80, NULL) \
    X(TIOCSERGETLSR, POINTER, 4, NULL) X(TIOCLINUX, POINTER, 1, NULL) \
    X(KDGKBTYPE, POINTER, 1, NULL) X(KDGETMODE, POINTER, 4, NULL) X(KDSETMODE, NUMBER, 0, NULL) \
    X(KDGKBMODE, POINTER, 4, NULL) X(KDSKBMODE, NUMBER, 0, NULL) X(KDGKBLED, POINTER, 1, NULL) \
    X(KDSKBLED, NUMBER, 0, NULL) X(KDGETLED, POINTER, 1, NULL) X(KDSETLED, NUMBER, 0, NULL) \
    X(KDSIGACCEPT, NUMBER, 0, NULL) X(KIOCSOUND, NUMBER, 0, NULL) X(KDMKTONE, NUMBER, 0, NULL) \
    X(VT_OPENQRY, POINTER, 4, NULL) X(VT_GETMODE, POINTER, 8, NULL) \
    X(VT_SETMODE, READ_ONLY, 8, NULL) \
    X(VT_GETSTATE, POINTER, 6, NULL) X(VT_RELDISP, NUMBER, 0, NULL) \
    X(VT_ACTIVATE, NUMBER, 0, NULL) \
    X(VT_WAITACTIVE, NUMBER, 0, NULL) X(VT_DISALLOCATE, NUMBER, 0, NULL) \
    X(FIBMAP, POINTER, 4, NULL) X(FIGETBSZ, POINTER, 4, NULL) X(FIFREEZE, POINTER, 4, NULL) \
    X(FITHAW, POINTER, 4, NULL) X(FITRIM, POINTER, 24, NULL) X(FICLONE, NUMBER, 0, NULL) \
    X(FICLONERANGE, READ_ONLY, 32, NULL) X(FIDEDUPERANGE, SPECIAL, 24, counted) \
    X(FS_IOC_FIEMAP, SPECIAL, 32, counted) X(FS_IOC_GETFLAGS, POINTER, 8, NULL) \
    X(FS_IOC_SETFLAGS, READ_ONLY, 8, NULL) X(FS_IOC_GETVERSION, POINTER, 8, NULL) \
    X(FS_IOC_SETVERSION, READ_ONLY, 8, NULL) X(FS_IOC_FSGETXATTR, POINTER, 28, NULL) \
    X(FS_IOC_FSSETXATTR, READ_ONLY, 28, NULL) X(FS_IOC_GETFSLABEL, POINTER, 256, NULL) \
    X(FS_IOC_SETFSLABEL, READ_ONLY, 256, NULL) X(FS_IOC_GET_ENCRYPTION_POLICY, POINTER, 12, NULL) \
    X(FS_IOC_GET_ENCRYPTION_POLICY_EX, POINTER, 32, NULL) \
    X(FS_IOC_GETFSUUID, POINTER, 17, NULL) X(FS_IOC_GETFSSYSFSPATH, POINTER, 129, NULL) \
    X(XFS_IOC_RESVSP, READ_ONLY, 48, NULL) X(XFS_IOC_UNRESVSP, READ_ONLY, 48, NULL) \
    X(XFS_IOC_RESVSP64, READ_ONLY, 48, NULL) X(XFS_IOC_UNRESVSP64, READ_ONLY, 48, NULL) \
    X(XFS_IOC_ZERO_RANGE, READ_ONLY, 48, NULL) X(EXT4_IOC_GETVERSION, POINTER, 8, NULL) \
    X(EXT4_IOC_GETRSVSZ, POINTER, 8, NULL) \
    X(BLKROSET, READ_ONLY, 4, NULL) X(BLKROGET, POINTER, 4, NULL) X(BLKRRPART, NUMBER, 0, NULL) \
    X(BLKGETSIZE, POINTER, 8, NULL) X(BLKFLSBUF, NUMBER, 0, NULL) X(BLKRASET, NUMBER, 0, NULL) \
    X(BLKRAGET, POINTER, 8, NULL) X(BLKFRASET, NUMBER, 0, NULL) X(BLKFRAGET, POINTER, 8, NULL) \
    X(BLKSECTGET, POINTER, 2, NULL) X(BLKSSZGET, POINTER, 4, NULL) \
    X(BLKPG, SPECIAL, 24, partition) \
    X(BLKBSZGET, POINTER, 4, NULL) X(BLKBSZSET, READ_ONLY, 4, NULL) \
    X(BLKGETSIZE64, POINTER, 8, NULL) X(BLKDISCARD, READ_ONLY, 16, NULL) \
    X(BLKIOMIN, POINTER, 4, NULL) X(BLKIOOPT, POINTER, 4, NULL) X(BLKALIGNOFF, POINTER, 4, NULL) \
    X(BLKPBSZGET, POINTER, 4, NULL) X(BLKDISCARDZEROES, POINTER, 4, NULL) \
    X(BLKSECDISCARD, READ_ONLY, 16, NULL) X(BLKROTATIONAL, POINTER, 2, NULL) \
    X(BLKZEROOUT, READ_ONLY, 16, NULL) X(BLKGETZONESZ, POINTER, 4, NULL) \
    X(BLKGETNRZONES, POINTER, 4, NULL) X(HDIO_GETGEO, POINTER, 16, NULL) \
    X(HDIO_GET_IDENTITY, POINTER, 512, NULL) X(CDROM_GET_CAPABILITY, NUMBER, 0, NULL) \
    X(CDROM_DRIVE_STATUS, NUMBER, 0, NULL) X(CDROMEJECT, NUMBER, 0, NULL) \
    X(LOOP_SET_FD, NUMBER, 0, NULL) X(LOOP_CLR_FD, NUMBER, 0, NULL) \
    X(LOOP_SET_STATUS, READ_ONLY, 168, NULL) X(LOOP_GET_STATUS, POINTER, 168, NULL) \
    X(LOOP_SET_STATUS64, READ_ONLY, 232, NULL) X(LOOP_GET_STATUS64, POINTER, 232, NULL) \
    X(LOOP_CHANGE_FD, NUMBER, 0, NULL) X(LOOP_SET_CAPACITY, NUMBER, 0, NULL) \
    X(LOOP_SET_DIRECT_IO, NUMBER, 0, NULL) X(LOOP_SET_BLOCK_SIZE, NUMBER, 0, NULL) \
    X(LOOP_CONFIGURE, READ_ONLY, 304, NULL) X(LOOP_CTL_ADD, NUMBER, 0, NULL) \
    X(LOOP_CTL_REMOVE, NUMBER, 0, NULL) X(LOOP_CTL_GET_FREE, NUMBER, 0, NULL) \
    X(DM_VERSION, SPECIAL, 32, counted) X(DM_LIST_DEVICES, SPECIAL, 32, counted) \
    X(DM_DEV_STATUS, SPECIAL, 32, counted) X(DM_LIST_VERSIONS, SPECIAL, 32, counted) \
    X(FIOSETOWN, READ_ONLY, 4, NULL) X(SIOCSPGRP, READ_ONLY, 4, NULL) \
    X(FIOGETOWN, POINTER, 4, NULL) X(SIOCGPGRP, POINTER, 4, NULL) X(SIOCATMARK, POINTER, 4, NULL) \
    X(SIOCGSTAMP_OLD, POINTER, 16, NULL) X(SIOCGSTAMPNS_OLD, POINTER, 16, NULL) \
    X(SIOCGSTAMP_NEW, POINTER, 16, NULL) X(SIOCGSTAMPNS_NEW, POINTER, 16, NULL) \
    X(SIOCGSKNS, NUMBER, 0, NULL) \
    X(SIOCADDRT, SPECIAL, 120, route) X(SIOCDELRT, SPECIAL, 120, route) \
    X(SIOCGIFNAME, POINTER, 40, NULL) X(SIOCGIFCONF, SPECIAL, 16, get_interfaces) \
    X(SIOCGIFFLAGS, POINTER, 40, NULL) X(SIOCSIFFLAGS, READ_ONLY, 40, NULL) \
    X(SIOCGIFADDR, POINTER, 40, NULL) X(SIOCSIFADDR, READ_ONLY, 40, NULL) \
    X(SIOCDIFADDR, READ_ONLY, 40, NULL) X(SIOCGIFDSTADDR, POINTER, 40, NULL) \
    X(SIOCSIFDSTADDR, READ_ONLY, 40, NULL) X(SIOCGIFBRDADDR, POINTER, 40, NULL) \
    X(SIOCSIFBRDADDR, READ_ONLY, 40, NULL) X(SIOCGIFNETMASK, POINTER, 40, NULL) \
    X(SIOCSIFNETMASK, READ_ONLY, 40, NULL) X(SIOCGIFMETRIC, POINTER, 40, NULL) \
    X(SIOCSIFMETRIC, READ_ONLY, 40, NULL) X(SIOCGIFMTU, POINTER, 40, NULL) \
    X(SIOCSIFMTU, READ_ONLY, 40, NULL) X(SIOCSIFNAME, READ_ONLY, 40, NULL) \
    X(SIOCSIFHWADDR, READ_ONLY, 40, NULL) X(SIOCGIFHWADDR, POINTER, 40, NULL) \
    X(SIOCADDMULTI, READ_ONLY, 40, NULL) X(SIOCDELMULTI, READ_ONLY, 40, NULL) \
    X(SIOCGIFINDEX, POINTER, 40, NULL) X(SIOCSIFPFLAGS, READ_ONLY, 40, NULL) \
    X(SIOCGIFPFLAGS, POINTER, 40, NULL) X(SIOCGIFTXQLEN, POINTER, 40, NULL) \
    X(SIOCSIFTXQLEN, READ_ONLY, 40, NULL) X(SIOCGIFMAP, POINTER, 40, NULL) \
    X(SIOCETHTOOL, SPECIAL, 40, ethtool) X(SIOCGARP, POINTER, 68, NULL) \
    X(SIOCSARP, READ_ONLY, 68, NULL) X(SIOCDARP, READ_ONLY, 68, NULL) \
    X(IOCTL_VM_SOCKETS_GET_LOCAL_CID, POINTER, 4, NULL) \
    X(SIOCBRADDBR, READ_ONLY, 16, NULL) X(SIOCBRDELBR, READ_ONLY, 16, NULL) \
    X(TUNSETIFF, READ_ONLY, 40, NULL) X(TUNSETPERSIST, NUMBER, 0, NULL) \
    X(TUNSETOWNER, NUMBER, 0, NULL) X(TUNSETGROUP, NUMBER, 0, NULL) \
    X(TUNGETFEATURES, POINTER, 4, NULL) X(TUNGETIFF, POINTER, 40, NULL) \
    X(TUNSETOFFLOAD, NUMBER, 0, NULL) X(TUNGETVNETHDRSZ, POINTER, 4, NULL) \
    X(TUNSETVNETHDRSZ, READ_ONLY, 4, NULL) X(RNDGETENTCNT, POINTER, 4, NULL) \
    X(RNDADDTOENTCNT, READ_ONLY, 4, NULL) X(RNDADDENTROPY, READ_ONLY, 8, NULL) \
    X(RNDZAPENTCNT, NUMBER, 0, NULL) X(RNDCLEARPOOL, NUMBER, 0, NULL) \
    X(RNDRESEEDCRNG, NUMBER, 0, NULL) X(RTC_RD_TIME, POINTER, 36, NULL) \
    X(RTC_SET_TIME, READ_ONLY, 36, NULL) X(RTC_AIE_ON, NUMBER, 0, NULL) \
    X(RTC_AIE_OFF, NUMBER, 0, NULL) X(RTC_UIE_ON, NUMBER, 0, NULL) X(RTC_UIE_OFF, NUMBER, 0, NULL) \
    X(RTC_WKALM_RD, POINTER, 40, NULL) X(RTC_WKALM_SET, READ_ONLY, 40, NULL) \
    X(NS_GET_USERNS, NUMBER, 0, NULL) X(NS_GET_PARENT, NUMBER, 0, NULL) \
    X(NS_GET_NSTYPE, NUMBER, 0, NULL) X(NS_GET_OWNER_UID, POINTER, 4, NULL) \
    X(WDIOC_GETSUPPORT, POINTER, 40, NULL) X(WDIOC_KEEPALIVE, NUMBER, 0, NULL) \
    X(WDIOC_SETTIMEOUT, POINTER, 4, NULL) X(WDIOC_GETTIMEOUT, POINTER, 4, NULL)

#define ROW(request, kind, bytes, handler) { (uint32_t)request, IOCTL_##kind, bytes, handler },
static const struct ioctl_row ioctl_rows[] = { IOCTLS(ROW) };
#undef ROW
#define ROW(request, kind, bytes, handler) { (uint32_t)request, #request },
static const struct name_row name_rows[] = { IOCTLS(ROW) };
const struct names names_ioctl = { 0, name_rows, sizeof name_rows / sizeof *name_rows };

const struct ioctl_row *ioctl_find(uint32_t request)
{
    for (size_t i = 0; i < sizeof ioctl_rows / sizeof *ioctl_rows; i++)
        if (ioctl_rows[i].request == request)
            return &ioctl_rows[i];
    return NULL;
}
