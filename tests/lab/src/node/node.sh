# A node: a network, containerd and a kubelet, in mount, process and network namespaces of their own. Whatever ends the
# first process ends all others, and with the last one the kernel takes away the mounts and the links.
# Run without arguments it enters the namespaces; with "inside" it is their first process. Settings are in NODE_*.
set -eu

if [ "${1-}" != inside ]; then
    exec 9</proc/self/ns/net
    exec unshare --mount --pid --net --fork --kill-child=KILL --mount-proc -- /bin/sh "$0" inside
fi

on_host() { nsenter --net=/proc/self/fd/9 -- "$@"; }

# The copy of the mounts is ours alone; kubelet wants them shared among those who live here.
mount --make-rshared /
# As after any start of a machine.
rm -rf "$NODE_FOLDER/run"
for path in /var/lib/kubelet /var/lib/cni /var/log/pods /var/log/containers /run/containerd /run/netns; do
    mkdir -p "$path" "$NODE_FOLDER$path"
    mount --bind "$NODE_FOLDER$path" "$path"
done

# The kernel takes its time with the network of a node that was killed.
on_host ip link delete "$NODE_LINK" 2>/dev/null || true
on_host ip link add "$NODE_LINK" type veth peer name eth0 netns 1
on_host ip address add "$NODE_HOST_ADDRESS/30" dev "$NODE_LINK"
on_host ip link set "$NODE_LINK" up
on_host ip route add "$NODE_PODS" via "$NODE_ADDRESS"
exec 9<&-
ip link set lo up
ip address add "$NODE_ADDRESS/30" dev eth0
ip link set eth0 up
ip route add default via "$NODE_HOST_ADDRESS"
echo 1 >/proc/sys/net/ipv4/ip_forward
# What kube-proxy would do, for the one Service that every pod may use.
for chain in PREROUTING OUTPUT; do
    iptables --table nat --append "$chain" --destination "$NODE_SERVICE_ADDRESS" --protocol tcp --dport 443 \
        --jump DNAT --to-destination "$NODE_API_SERVER"
done

containerd --config "$NODE_FOLDER/containerd.toml" &
until ctr --namespace k8s.io images import "$NODE_FOLDER/images/base.tar" 2>/dev/null; do
    kill -0 $!
    sleep 0.1
done

"$NODE_KUBELET" \
    --config="$NODE_FOLDER/kubelet.json" \
    --kubeconfig="$NODE_KUBECONFIG" \
    --hostname-override="$NODE_NAME" \
    --node-ip="$NODE_ADDRESS" \
    --volume-plugin-dir="$NODE_FOLDER/volume-plugins" &
wait $!
