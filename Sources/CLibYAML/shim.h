/* libyaml: YAML 1.1 events. */
#ifndef CATTLEGUARD_CLIBYAML_H
#define CATTLEGUARD_CLIBYAML_H
#include <yaml.h>
#endif
