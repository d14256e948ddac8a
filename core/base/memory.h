// Memory that the allocator keeps for a thread after it was freed.
#pragma once

namespace pg {

/// Gives what the calling thread has freed, and keeps for its next need, back to the system. Takes up to a few milliseconds after
/// a time of much use, so it is for threads that have nothing to do.
void give_back_memory();

}  // namespace pg
