// Memory that is held and not needed: what the allocator keeps for a thread after it was freed, and code that has run.
#pragma once

namespace pg {

/// Gives what the calling thread has freed, and keeps for its next need, back to the system. Takes up to a few milliseconds after
/// a time of much use, so it is for threads that have nothing to do.
void give_back_memory();

/// Lets go of the program's code and constants, which the system still has as the files they are: what is used again is there
/// with the next touch. Most of what ran was for the start. For a process that has nothing to do.
void give_back_code();

}  // namespace pg
