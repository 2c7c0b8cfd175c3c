#include "tests/fakes/main_with_keeper.h"
