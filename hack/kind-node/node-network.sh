#!/bin/sh
# The network of the pods on one node, in place of kindnetd (whose Go module cannot be built on its own): a container
# network configuration from the node's range of pod addresses, and a route to every other node's range. It enforces no
# NetworkPolicy. Runs as a DaemonSet on the node's network; NODE_IP is this node's address.
set -u

account=/var/run/secrets/kubernetes.io/serviceaccount
server=https://${CONTROL_PLANE_ENDPOINT:-$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT}
configuration=/etc/cni/net.d/10-node-network.conflist
columns='{range .items[*]}{.spec.podCIDR} {.status.addresses[?(@.type=="InternalIP")].address}{"\n"}{end}'

nodes() {
  kubectl --server="$server" --certificate-authority="$account/ca.crt" --token="$(cat "$account/token")" \
    get nodes --output "jsonpath=$columns"
}

configure() {
  cat >"$configuration.new" <<EOF
{
  "cniVersion": "0.3.1",
  "name": "node-network",
  "plugins": [
    {
      "type": "ptp",
      "ipMasq": true,
      "mtu": 1500,
      "ipam": {
        "type": "host-local",
        "dataDir": "/run/cni-ipam-state",
        "ranges": [[{"subnet": "$1"}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
EOF
  if cmp -s "$configuration.new" "$configuration"; then
    rm "$configuration.new"
  else
    mv "$configuration.new" "$configuration"
    echo "pods of this node get addresses of $1"
  fi
}

while true; do
  # a pipe would hide that kubectl failed
  if listed=$(nodes); then
    echo "$listed" | while read -r range address; do
      if [ -z "$address" ]; then
        continue # a node that has just joined has no range or no address yet
      elif [ "$address" = "$NODE_IP" ]; then
        configure "$range"
      else
        ip route replace "$range" via "$address"
      fi
    done
  fi
  sleep 5
done
