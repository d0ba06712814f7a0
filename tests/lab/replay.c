/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replays a script of sysfs operations and prints what the kernel (or a
 * simulator of it) answered: one result line per operation, errno by name.
 *
 *   hw KEY VALUE   change the machine under the kernel, then force a rescan
 *   w PATH VALUE   write VALUE + newline
 *   r PATH         read it all
 *   l PATH         sorted listing
 *   k PATH         readlink
 *   m PATH         type and permission bits
 *   s MS           wait
 *   # text         comment, echoed
 *
 * Uevents that an operation caused follow its result, in order of arrival.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *ename(int e) { static char b[32]; const char *n = strerrorname_np(e); if (n) return n; snprintf(b, sizeof b, "E%d", e); return b; }
static int nl = -1;
static const char *hwdir = "/sys/module/apemu/parameters";

static void uevents(int quiet)
{
	char buf[8192];
	struct pollfd p = { nl, POLLIN, 0 };

	if (nl < 0)
		return;
	while (poll(&p, 1, quiet) > 0) {
		ssize_t n = recv(nl, buf, sizeof buf - 1, 0);
		if (n <= 0)
			return;
		buf[n] = 0;
		char *s = buf, *end = buf + n;
		if (!memcmp(buf, "libudev", 8)) {      /* a udev-format message */
			unsigned off; memcpy(&off, buf + 16, 4); s = buf + off;
		} else
			s += strlen(s) + 1;
		char *kv[64]; int c = 0;
		for (; s < end && c < 64; s += strlen(s) + 1)
			if (*s && strncmp(s, "SEQNUM=", 7) && strncmp(s, "USEC_INITIALIZED=", 17) && strncmp(s, "TAGS=", 5) && strncmp(s, "CURRENT_TAGS=", 13))
				kv[c++] = s;
		for (int i = 0; i < c; i++) for (int j = i + 1; j < c; j++) if (strcmp(kv[i], kv[j]) > 0) { char *t = kv[i]; kv[i] = kv[j]; kv[j] = t; }
		printf("  ^");
		for (int i = 0; i < c; i++) printf(" %s", kv[i]);
		printf("\n");
	}
}

static int wr(const char *path, const char *val)
{
	int fd = open(path, O_WRONLY | O_TRUNC), e = 0;
	char b[65536];
	int n = snprintf(b, sizeof b, "%s\n", val);
	if (fd < 0) return errno;
	if (write(fd, b, n) < 0) e = errno;
	close(fd);
	return e;
}

static int cmp(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }

int main(int argc, char **argv)
{
	static char line[70000];
	int quiet = 40;

	if (argc > 1) hwdir = argv[1];
	if (argc > 2) quiet = atoi(argv[2]);
	nl = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	if (getenv("OP_UDEV")) a.nl_groups = 2;
	if (getenv("OP_NO_UEVENT") || (nl >= 0 && bind(nl, (void *)&a, sizeof a))) { close(nl); nl = -1; }
	uevents(200);
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (!line[0]) continue;
		printf("%s\n", line);
		if (line[0] == '#') continue;
		char *sv, *op = strtok_r(line, " ", &sv), *p = strtok_r(NULL, " ", &sv), *v = sv ? sv : "";
		if (!strcmp(op, "s")) { usleep(atoi(p) * 1000); uevents(quiet); continue; }
		if (!strcmp(op, "hw")) {
			char path[512]; snprintf(path, sizeof path, "%s/%s", hwdir, p);
			int e = wr(path, *v ? v : "-");
			printf("  = %s\n", e ? ename(e) : "ok");
			wr("/sys/bus/ap/scans", "1"); usleep(400000); uevents(quiet);
		} else if (!strcmp(op, "w")) {
			int e = wr(p, v);
			printf("  = %s\n", e ? ename(e) : "ok");
			uevents(quiet);
		} else if (!strcmp(op, "r")) {
			static char b[1 << 20]; int fd = open(p, O_RDONLY); ssize_t n, t = 0;
			if (fd < 0) { printf("  = %s\n", ename(errno)); continue; }
			while ((n = read(fd, b + t, sizeof b - t - 1)) > 0) t += n;
			if (n < 0) printf("  = %s\n", ename(errno));
			else { b[t] = 0; printf("  = %zd bytes\n", t); for (char *q = b, *e; *q; q = *e ? e + 1 : e) { e = q + strcspn(q, "\n"); printf("  | %.*s\n", (int)(e - q), q); } }
			close(fd);
		} else if (!strcmp(op, "l")) {
			DIR *d = opendir(p); char *nm[70000]; int c = 0; struct dirent *de;
			if (!d) { printf("  = %s\n", ename(errno)); continue; }
			while ((de = readdir(d))) if (de->d_name[0] != '.' ) nm[c++] = strdup(de->d_name);
			closedir(d); qsort(nm, c, sizeof *nm, cmp);
			printf("  = %d entries\n", c); for (int i = 0; i < c; i++) { printf("  | %s\n", nm[i]); free(nm[i]); }
		} else if (!strcmp(op, "k")) {
			char b[4096]; ssize_t n = readlink(p, b, sizeof b - 1);
			if (n < 0) printf("  = %s\n", ename(errno)); else { b[n] = 0; printf("  = %s\n", b); }
		} else if (!strcmp(op, "m")) {
			struct stat st; if (lstat(p, &st)) printf("  = %s\n", ename(errno));
			else printf("  = %s %04o\n", S_ISDIR(st.st_mode) ? "dir" : S_ISLNK(st.st_mode) ? "link" : S_ISREG(st.st_mode) ? "file" : "other", st.st_mode & 07777);
		} else printf("  = ? bad op\n");
		fflush(stdout);
	}
	printf("# end\n");
	return 0;
}
