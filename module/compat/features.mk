# SPDX-License-Identifier: GPL-2.0
# What this kernel's headers offer: -DATCP_HAVE_... for each feature that compat.h
# depends on. Stable kernels take over features of newer ones, so that a version number
# is no answer.

atcp-inc := $(srctree)/include
# Each defines ATCP_HAVE_NAME: $(call atcp-file,HEADER,NAME) if the header exists,
# $(call atcp-text,HEADER,EXTENDED REGEX,NAME) if it contains the text,
# $(call atcp-export,FUNCTION,NAME) if the function is exported to modules.
atcp-file = $(if $(wildcard $(atcp-inc)/$(1)),-DATCP_HAVE_$(2))
atcp-text = $(if $(shell grep -sE "$(2)" $(atcp-inc)/$(1)),-DATCP_HAVE_$(3))
atcp-export = $(if $(shell grep -sw "$(1)" $(objtree)/Module.symvers),-DATCP_HAVE_$(2))

ccflags-y += $(call atcp-export,ip_icmp_error,ICMP_ERROR)
ccflags-y += $(call atcp-file,linux/unaligned.h,UNALIGNED_H)
ccflags-y += $(call atcp-file,linux/skbuff_ref.h,SKBUFF_REF_H)
ccflags-y += $(call atcp-file,net/gso.h,GSO_H)
ccflags-y += $(call atcp-file,net/rps.h,RPS_H)
ccflags-y += $(call atcp-file,net/proto_memory.h,PROTO_MEMORY_H)
ccflags-y += $(call atcp-text,linux/timer.h,timer_delete.struct,TIMER_DELETE)
ccflags-y += $(call atcp-text,linux/hrtimer.h,void hrtimer_setup.struct,HRTIMER_SETUP)
ccflags-y += $(call atcp-text,linux/random.h,get_random_u32_below,RANDOM_BELOW)
ccflags-y += $(call atcp-text,linux/socket.h,struct sockaddr_unsized,SOCKADDR_UNSIZED)
ccflags-y += $(call atcp-text,net/sock.h,struct proto_accept_arg,PROTO_ACCEPT_ARG)
ccflags-y += $(call atcp-text,linux/net.h,[*]sendpage.,SENDPAGE)
ccflags-y += $(call atcp-text,net/sock.h,int [*]karg.;,IOCTL_KARG)
ccflags-y += $(call atcp-text,net/inet_hashtables.h,hlist_head[[:space:]]+bhash2;,BIND_BHASH2)
ccflags-y += $(call atcp-text,net/inet_sock.h,INET_FLAGS_MC_LOOP,INET_FLAGS)
ccflags-y += $(call atcp-text,net/inet_sock.h,INET_FLAGS_REPFLOW,INET6_FLAGS)
ccflags-y += $(call atcp-text,net/inet_sock.h,ipv6_fl_list,INET_FL_LIST)
ccflags-y += $(call atcp-text,net/sock.h,ipv6_pinfo_offset,PINFO_OFFSET)
ccflags-y += $(call atcp-text,net/ip6_route.h,bool daddr_set,DST_STORE_BOOL)
ccflags-y += $(call atcp-text,linux/bpf-cgroup.h,INET4_CONNECT.sk. uaddr. uaddrlen,BPF_ADDR_LEN)
ccflags-y += $(call atcp-text,net/inet_common.h,int [*]addr_len.;,RECV_ERROR_LEN)
ccflags-y += $(call atcp-text,net/net_namespace.h,register_net_sysctl_sz,SYSCTL_SIZE)
ccflags-y += $(call atcp-text,linux/sysctl.h,proc_handler.const struct ctl_table,SYSCTL_CONST)
ccflags-y += $(call atcp-text,net/sock.h,kuid_t sk_uid,SK_UID)
ccflags-y += $(call atcp-text,net/sock.h,[*]sk_clone.const,SK_CLONE)
ccflags-y += $(call atcp-text,net/dropreason-core.h,DROP_REASON_TCP_MINTTL,DROP_MINTTL)
ccflags-y += $(call atcp-text,net/dropreason-core.h,DROP_REASON_TCP_LISTEN,DROP_LISTEN)
ccflags-y += $(call atcp-text,linux/skbuff.h,SKB_CLOCK_MONOTONIC,SKB_CLOCK)
ccflags-y += $(call atcp-text,linux/memcontrol.h,mem_cgroup_sk_inherit,MEMCG_ACCEPT)
ccflags-y += $(call atcp-text,net/ip.h,bool inet_sk_get_local_port_range,LOCAL_RANGE_BOOL)
ccflags-y += $(call atcp-text,linux/net.h,SOCK_CUSTOM_SOCKOPT,CUSTOM_SOCKOPT)
ccflags-y += $(call atcp-text,linux/skbuff.h,ssize_t maxsize. gfp_t gfp,SPLICE_GFP)
ccflags-y += $(call atcp-text,linux/skbuff.h,uarg. bool devmem,ZEROCOPY_DEVMEM)
ccflags-y += $(call atcp-text,linux/socket.h,ktime_t ts.3.,SCM_KTIME)
ccflags-y += $(call atcp-text,uapi/linux/net_tstamp.h,OPT_ID_TCP,OPT_ID_TCP)
ccflags-y += $(call atcp-text,uapi/linux/net_tstamp.h,OPT_RX_FILTER,OPT_RX_FILTER)
ccflags-y += $(call atcp-text,net/netns/core.h,sysctl_tstamp_allow_data,TSTAMP_ALLOW_DATA)

# Where the kernel lacks what the module needs, the compiler says so (compat.h) and stops.
ccflags-y += $(if $(CONFIG_IPV6),,-Wfatal-errors)

# The newest kernel whose table of bound ports was read is 7.2 (bind_bucket.h).
ccflags-y += $(if $(shell [ $$(($(VERSION) * 1000 + $(PATCHLEVEL))) -le 7002 ] && echo y),-DATCP_HAVE_KNOWN_BINDS)
