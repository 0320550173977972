#ifndef CORTEXM_LWIP_HOOKS_H
#define CORTEXM_LWIP_HOOKS_H

// Hooks that lwIP's core calls.

// RFC 6528 wants sequence numbers that cannot be guessed. Its formula also makes them grow for a repeated pair of
// addresses and ports, for the sake of old segments still under way; those are gone after TIME_WAIT.
#define LWIP_HOOK_TCP_ISN(local_ip, local_port, remote_ip, remote_port) random_u32()

#endif // CORTEXM_LWIP_HOOKS_H
